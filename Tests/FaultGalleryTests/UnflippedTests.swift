import GSLKit
import GradientCheck
import Testing
import TiedLayers
import TiedModels

@testable import FaultGallery

struct UnflippedTests {
  private func objective(
    _ seed: UInt64, _ choices: ModelChoices, untied: Bool = false
  ) throws -> ChainObjective<Double> {
    let model = try #require(Models.named("convolution"))
    var choices = choices
    choices.isUntied = untied
    let random = RandomSource(seed: seed)
    let network: Network<Double> = try model.network(choices, random: random)
    let input: Matrix<Double> = random.matrix(rows: choices.batch, columns: choices.features)
    return ChainObjective(network, input: input, target: input)
  }

  /// The model is consistent with itself: only its outputs tell.
  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func onlyTheOutputsTell(seed: UInt64) throws {
    let smallSizes = try #require(Models.named("convolution")).smallSizes
    let choices = smallSizes[Int(seed) % smallSizes.count]
    let check = try FaultCheck(Unflipped(), options: CheckOptions(seed: seed), subjects: []) {
      try objective(seed, choices)
    }
    #expect(check.isSettled, "\(check.wrong.diagnoses) \(check.right.diagnoses)")
    #expect(check.wrong.gradient.verdict == .pass)
    #expect(check.wrong.tie.verdict == .pass)
    let failed = check.wrong.structure!.questions.filter { $0.verdict == .fail }.map(\.question)
    #expect(failed.contains { $0.contains("adjoint") })
    #expect(failed.contains { $0.contains("formula") })
  }

  /// Turned by half a turn and nothing else: turning the kernel makes it right again.
  @Test func aKernelThatIsTheSameTurnedHidesIt() throws {
    let choices = ModelChoices(features: 9, hidden: [1], batch: 3, settings: ["height": 1])
    let right = try objective(1, choices)
    let wrong = try FaultInjection(Unflipped()).wrong(right)
    #expect(try right.value() != wrong.value())
    let kernel = right.network.chain.parameters[0]
    kernel.flat = [0.3, -0.2, 0.3]
    #expect(try right.value() == wrong.value())
  }

  @Test func itNeedsAWindowAndATie() throws {
    func error(_ objective: ChainObjective<Double>) -> FaultNotApplicable? {
      #expect(throws: FaultNotApplicable.self) { try FaultInjection(Unflipped()).wrong(objective) }
    }
    let pixel = ModelChoices(
      features: 4, hidden: [2], batch: 3,
      settings: ["height": 2, "window": 1, "stride": 1, "padding": 0])
    #expect(try error(objective(1, pixel))?.description.contains("window of more than one") == true)
    #expect(
      try error(objective(1, pixel, untied: true))?.description.contains("uses of one kernel")
        == true)
    let dense = try GalleryModel(widths: [4, 4]).make(1)
    #expect(error(dense)?.description.contains("Choose --model convolution") == true)
  }
}
