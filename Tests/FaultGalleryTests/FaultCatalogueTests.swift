import GradientCheck
import Testing
import TiedLayers

@testable import FaultGallery

/// The whole gallery on a sample of seeds; `tiecheck faults --seeds N` counts over many.
struct FaultCatalogueTests {
  /// Updates are checked where the fault lies in them: what else is measured takes longer.
  static func subjects(_ fault: any Fault) -> [UpdateSubject] {
    fault.convictor == .updates ? ["momentum", "rmsprop", "adamw"].map(subject) : []
  }

  /// Every autoencoder, and the smallest model of each other kind.
  static let models = GalleryModel.all.reduce(into: [GalleryModel]()) { models, next in
    if next.model.name == "tied-autoencoder"
      || !models.contains(where: { $0.model.name == next.model.name })
    {
      models.append(next)
    }
  }

  @Test(arguments: FaultCatalogue.all.map(\.id))
  func theNamedCheckConvictsByTheNamedDiagnosisAndAcquitsTheRightTwin(id: String) throws {
    let fault = try #require(FaultCatalogue.fault(id))
    let subjects = Self.subjects(fault)
    var checked = 0
    for (seed, model) in zip(11..., Self.models) {
      let wrong: CaseResult
      do {
        wrong = try FaultCheck.checkCase([fault], name: id, subjects: subjects) {
          try model.make(UInt64(seed))
        }.run(CheckOptions(seed: UInt64(seed)))
      } catch is FaultNotApplicable {
        continue
      }
      checked += 1
      #expect(wrong.verdict(of: fault.convictor) == .fail, "\(model)")
      #expect(Set(wrong.diagnoses.map(\.id)) == [fault.diagnosis], "\(model): \(wrong.diagnoses)")
      #expect(wrong.diagnoses.allSatisfy { $0.explained })
      // The right twins of all models pass in RightModelCountTests; here, with what the fault needs.
      if checked == 1 {
        let check = try #require(
          try model.check(fault, seed: UInt64(seed), subjects: subjects))
        #expect(check.isSettled, "\(model): \(check.right.diagnoses)")
        #expect(check.right.diagnoses.isEmpty)
      }
    }
    #expect(checked >= 1)
  }

  /// A fault that a kind silently could not have would be passed over above. These every kind can have.
  @Test(arguments: GalleryModel.all) func everyKindCanHaveTheClassicOnes(
    model: GalleryModel
  ) throws {
    for id in [
      "detached-copy", "copied-once", "encoder-path-lost", "decoder-path-lost", "overwritten",
      "doubled", "averaged", "stepped-twice", "one-state-per-use", "reloaded-apart",
    ] {
      let fault = try #require(FaultCatalogue.fault(id))
      #expect(throws: Never.self, "\(id)") { try FaultInjection(fault).wrong(model.make(1)) }
    }
  }

  /// The smallest models above are not square; of these kinds the second one is.
  @Test(arguments: ["shared", "embedding"]) func aForgottenTransposeIsHeardOnSquareKernels(
    name: String
  ) throws {
    let fault = try #require(FaultCatalogue.fault("untransposed"))
    let model = GalleryModel.all.filter { $0.model.name == name }[1]
    let check = try #require(try model.check(fault, seed: 11, subjects: []))
    #expect(check.isSettled, "\(check.names), \(check.right.diagnoses)")
  }

  @Test func aNameStandsForFaultsThatLeaveTheSameTrace() {
    #expect(
      FaultCatalogue.faults(diagnosedAs: "missing-path").map(\.id)
        == [
          "detached-copy", "encoder-path-lost", "decoder-path-lost", "overwritten",
          "delayed-overwritten",
        ])
    #expect(FaultCatalogue.faults(diagnosedAs: "nothing").isEmpty)
  }

  /// A square or symmetric kernel hides some faults, and some only a square one can have.
  @Test func whatNeedsASquareKernelSaysSo() throws {
    let narrow = GalleryModel(widths: [5, 3])
    for id in ["untransposed", "bias-taken-along"] {
      let fault = try #require(FaultCatalogue.fault(id))
      let check = try narrow.check(fault, seed: 1)
      #expect(check == nil)
      let error = #expect(throws: FaultNotApplicable.self) {
        try FaultInjection(fault).wrong(narrow.make(1))
      }
      #expect(error?.description.contains("Choose equal widths") == true)
    }
  }

  /// At W = I a linear tied autoencoder has no gradient, and nothing shows: the second point convicts.
  @Test func atTheIdentityTheSecondPointConvicts() throws {
    func make() throws -> ChainObjective<Double> {
      let objective = try GalleryModel(widths: [4, 4]).make(1)
      let kernel = objective.network.chain.parameters[0]
      kernel.flat = (0..<16).map { $0 % 5 == 0 ? 1 : 0 }
      let chain = Chain<Double>([
        Dense("encoder", kernel: Kernel(kernel)),
        Dense("decoder", kernel: Kernel(kernel, transposed: true)),
      ])
      return ChainObjective(
        Network(chain, loss: .meanSquaredError), input: objective.input, target: objective.input)
    }
    for fault: any Fault in [DetachedCopy(), Doubled(), Averaged(), Untransposed()] {
      let check = try FaultCheck(fault, subjects: []) { try make() }
      #expect(check.wrong.gradient.entries.fail == 0, "\(fault.id)")
      #expect(check.wrong.verdict == .fail, "\(fault.id)")
      #expect(check.names.isEmpty)
    }
  }
}
