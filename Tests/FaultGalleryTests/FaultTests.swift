import GSLKit
import GradientCheck
import Testing
import TiedLayers

@testable import FaultGallery

struct FaultTests {
  @Test func everyFaultHasItsOwnNameAndSaysWhatItIs() {
    #expect(
      FaultCatalogue.all.map(\.id)
        == [
          "detached-copy", "frozen-copy", "stepped-twice", "one-state-per-use", "decay-per-alias",
        ])
    for fault in FaultCatalogue.all {
      #expect(FaultCatalogue.fault(fault.id)?.id == fault.id)
      #expect(!fault.summary.isEmpty && !fault.lesson.isEmpty && !fault.source.isEmpty)
    }
    #expect(FaultCatalogue.fault("no-such-fault") == nil)
  }

  @Test func everyFaultNeedsATie() throws {
    let untied = try Setting.all[0].chain(1, tied: false)
    for fault in FaultCatalogue.all {
      let error = #expect(throws: FaultNotApplicable.self) { try fault.wrong(untied) }
      #expect(
        error?.description
          == "the fault \"\(fault.id)\" needs two layers that share a kernel. Choose a tied model.")
    }
  }

  @Test func aTieInALayerWithoutActivationCannotBeCopied() throws {
    struct Plain: Layer {
      let name = "decoder"
      var kernels: [Kernel<Double>]
      var biases: [Parameter<Double>] = []
      func forward(_ input: Matrix<Double>) throws -> Matrix<Double> {
        try kernels[0].multiply(input)
      }
      func backward(
        _ cotangent: Matrix<Double>, at input: Matrix<Double>,
        into gradients: inout Gradients<Double>
      ) throws -> Matrix<Double> {
        try gradients.addProduct(input: input, cotangent: cotangent, to: kernels[0])
        return try kernels[0].multiplyAdjoint(cotangent)
      }
    }
    let kernel = Kernel<Double>("W", RandomSource(seed: 1).matrix(rows: 3, columns: 2))
    let chain = Chain<Double>([
      Dense("encoder", kernel: kernel), Plain(kernels: [kernel.transposed]),
    ])
    #expect(throws: FaultNotApplicable.self) { try DetachedCopy().wrong(chain) }
  }

  @Test func theTiedPairIsTheLastLayerThatSharesAndTheFirstItSharesWith() throws {
    let deep = try Setting.all[2].chain(1)
    let pair = try deep.tiedPair(for: "any")
    #expect(pair.first == 0 && pair.last == 3)
  }

  @Test func modelFaultsLeaveTheTrainingAloneAndTrainingFaultsTheModel() throws {
    let setting = Setting.all[0]
    for fault in FaultCatalogue.all {
      let chain = try setting.chain(1)
      let twin = try fault.wrong(chain)
      let touchesModel = twin.layers.last is CopiedKernelLayer<Double>
      #expect(touchesModel == (fault.convictor != .updates))
      if fault.convictor != .updates {
        let result = try updates(
          setting.right(1), [fault.wrong(subject("adam")), fault.wrong(subject("sgd"))])
        #expect(result.allSatisfy { $0.verdict == .pass })
      }
    }
  }
}
