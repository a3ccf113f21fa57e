import GradientCheck
import Testing
import TiedLayers

@testable import FaultGallery

struct FaultDetectabilityTests {
  private func table(
    _ model: GalleryModel, options: CheckOptions = CheckOptions()
  ) throws -> [NoticedFault] {
    let subjects = ["sgd", "adamw"].map(subject)
    let result = try FaultCheck.checkCase([], name: "right", subjects: subjects) {
      try model.make(1)
    }
    .run(options)
    return try FaultDetectability(options).table(result, subjects: subjects) { try model.make(1) }
  }

  @Test func everyFaultThatAModelCanHaveIsNoticedAtARandomPoint() throws {
    func possible(_ model: GalleryModel) -> [String] {
      FaultCatalogue.all.filter { (try? FaultInjection($0).wrong(model.make(1))) != nil }.map(\.id)
    }
    let square = try table(GalleryModel(widths: [4, 4]))
    #expect(square.map(\.fault) == possible(GalleryModel(widths: [4, 4])))
    #expect(square.count >= 29)
    #expect(square.allSatisfy { $0.convicted }, "\(square.filter { !$0.convicted })")
    #expect(square.allSatisfy { ($0.effectOverSensitivity ?? 10) >= 10 })

    let narrow = try table(GalleryModel(widths: [5, 3]))
    #expect(narrow.count == square.count - 2)
    #expect(narrow.allSatisfy { $0.convicted })
  }

  @Test func directionsNoticeThemToo() throws {
    let found = try table(
      GalleryModel(widths: [5, 3]), options: CheckOptions(directions: 4))
    #expect(found.filter { $0.check == "gradient" }.allSatisfy { $0.convicted })
  }

  @Test func withoutOptimizersThatRememberAStatePerUseGoesUnseen() throws {
    let model = GalleryModel(widths: [5, 3])
    let sgd = [subject("sgd")]
    let result = try FaultCheck.checkCase([], name: "right", subjects: sgd) { try model.make(1) }
      .run(CheckOptions())
    let found = try FaultDetectability(CheckOptions()).table(result, subjects: sgd) {
      try model.make(1)
    }
    let unseen = found.filter { !$0.convicted }.map(\.fault)
    #expect(unseen.contains("one-state-per-use") && unseen.contains("decay-per-alias"))
    #expect(!unseen.contains("stepped-twice"))
  }

  @Test func aModelThatSharesNothingHasNoneOfThem() throws {
    func untied() throws -> ChainObjective<Double> {
      let tied = try GalleryModel(widths: [5, 3]).make(1)
      return ChainObjective(
        Network(tied.network.chain.untied(), loss: .meanSquaredError), input: tied.input,
        target: tied.target)
    }
    let result = try FaultCheck.checkCase([], name: "untied", subjects: []) { try untied() }
      .run(CheckOptions())
    let found = try FaultDetectability(CheckOptions()).table(result, subjects: []) { try untied() }
    #expect(found.isEmpty)
  }
}
