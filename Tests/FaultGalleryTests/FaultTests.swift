import GSLKit
import GradientCheck
import Testing
import TiedLayers

@testable import FaultGallery

struct FaultTests {
  @Test func everyFaultHasItsOwnNameAndSaysWhatItIs() {
    #expect(FaultCatalogue.all.count == 38)
    #expect(Set(FaultCatalogue.all.map(\.id)).count == FaultCatalogue.all.count)
    for fault in FaultCatalogue.all {
      #expect(FaultCatalogue.fault(fault.id)?.id == fault.id)
      #expect(!fault.summary.isEmpty && !fault.lesson.isEmpty && !fault.source.isEmpty)
      let explanation = fault.explanation
      for part in [
        explanation.tempting, explanation.formula, explanation.swift, explanation.keras,
        explanation.pytorch,
      ] {
        #expect(!part.isEmpty, "\(fault.id)")
      }
      #expect(Diagnosis.meanings[fault.diagnosis] != nil, "\(fault.id)")
    }
    #expect(FaultCatalogue.fault("no-such-fault") == nil)
  }

  @Test func everyFaultNeedsATie() throws {
    let untied = try Setting.all[0].chain(1, tied: false)
    for fault in FaultCatalogue.all {
      let error = #expect(throws: FaultNotApplicable.self) {
        try fault.wrong(Network(untied, loss: .meanSquaredError))
      }
      let description = error?.description ?? ""
      #expect(description.hasPrefix("the fault \"\(fault.id)\" needs "), "\(description)")
      #expect(description.contains(". Choose "), "\(description)")
    }
  }

  @Test func aTieInALayerWithoutActivationIsCopiedLikeAnyOther() throws {
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
    let wrong = try DetachedCopy().wrong(chain)
    let input: Matrix<Double> = RandomSource(seed: 2).matrix(rows: 4, columns: 3)
    #expect(try wrong.forward(input) == chain.forward(input))
    func contribution(_ chain: Chain<Double>) throws -> Matrix<Double>? {
      try Network(chain, loss: .meanSquaredError).gradientsByLayer(input, target: input)[1][
        kernel.parameter]
    }
    #expect(try contribution(chain) != nil)
    #expect(try contribution(wrong) == nil)
  }

  @Test func theTiedPairIsTheLastLayerThatSharesAndTheFirstItSharesWith() throws {
    let deep = try Setting.all[2].chain(1)
    let pair = try deep.tiedPair(for: "any")
    #expect(pair.first == 0 && pair.last == 3)
    let recurrent = try GalleryModel.named("recurrent").make(1).network.chain
    let uses = try recurrent.tiedUses(for: "any")
    // W_h at the second step and at the last; W_x before them.
    #expect(uses.first == (0, 3) && uses.last == (0, 4))
  }

  /// Faults leave the same trace exactly if they say so of each other.
  @Test func alikeIsMutualAndOfOneDiagnosis() throws {
    for fault in FaultCatalogue.all {
      for id in fault.alike {
        let other = try #require(FaultCatalogue.fault(id), "\(fault.id): \(id)")
        #expect(other.alike.contains(fault.id))
        #expect(other.diagnosis == fault.diagnosis)
        #expect(other.convictor == fault.convictor)
      }
    }
  }

  @Test func faultsOfTheModelLeaveTheTrainingAloneAndTheOthersTheModel() throws {
    let setting = Setting(features: 3, hidden: [3, 3], biasShared: false)
    for fault in FaultCatalogue.all {
      let right = try setting.right(1)
      guard let wrong = try? FaultInjection(fault).wrong(right) else { continue }
      let adam = subject("adam")
      if fault.convictor == .updates {
        #expect(try wrong.gradients() == right.gradients(), "\(fault.id)")
        #expect(wrong.network.chain.layers.allSatisfy { $0 is Dense<Double> }, "\(fault.id)")
      } else {
        let result = try updates(right, [fault.wrong(adam)])
        #expect(result.allSatisfy { $0.verdict == .pass }, "\(fault.id)")
      }
    }
  }
}
