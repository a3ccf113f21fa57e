import Foundation
import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

private func checkCase(_ name: String) -> CheckCase {
  CheckCase(name: name, model: "model-file", makeObjective: { try Golden.objective(name) })
}

/// An entry of a kernel's claim that is off by `size` max(|D|, rms).
private func offBy(_ size: Double, _ objective: any Objective, _ gradient: GradientResult)
  -> (tampered: Tampered, entry: Int)
{
  let kernel = gradient.parameters[0]
  let entry = kernel.entries.count / 2
  let error = size * max(abs(kernel.entries[entry].numeric), kernel.rms)
  return (Tampered(objective) { $0[0]![entry] += error }, entry)
}

struct CheckCaseTests {
  // MARK: Golden files

  @Test(arguments: Golden.names)
  func everyCheckPassesOnTheGoldenFile(name: String) throws {
    let result = try checkCase(name).run(.standard)
    #expect(result.verdict == .pass && result.isAsExpected)
    #expect(result.gradient.verdict == .pass)
    #expect(result.gradient.entries.pass == result.gradient.entries.total)
    #expect(result.gradient.entries.inconclusive == 0)
    #expect(result.gradient.sensitivity <= 3e-6)
    #expect(result.gradient.sensitivity >= 1e-6)
    #expect(result.tie.verdict == .pass && result.updates.verdict == .pass)
    #expect(result.tie.groups.isEmpty == (name.hasPrefix("untied")))
    #expect(result.updates.optimizers.count == 7)
    #expect(result.diagnoses.isEmpty)
  }

  @Test(arguments: Golden.names)
  func theMeasuredGradientIsTheGoldenOneWithinItsBound(name: String) throws {
    let golden = try Golden.load(name)
    let objective = try Golden.objective(name)
    let gradient = try gradientResult(objective)
    for tensor in gradient.parameters {
      let expected = golden.gradients[tensor.name]!.values
      // The golden gradient has been rounded too.
      let rounding = 1e-12 * rootMeanSquare(expected)
      for (entry, expected) in zip(tensor.entries, expected) {
        #expect(abs(entry.numeric - expected) <= entry.bound + rounding)
      }
    }
    let tie = try TieCheck().check(objective, gradient: gradient)
    for group in tie.groups where group.shape.count == 2 {
      for (path, use) in zip(
        group.measured,
        objective.uses.filter { objective.parameters[$0.parameter].name == group.parameter })
      {
        let expected = golden.pathGradients.first {
          $0.kernel == group.parameter && $0.layer == use.layer
        }!.gradient.values
        for (entry, expected) in zip(path.entries, expected) {
          #expect(abs(entry.numeric - expected) <= entry.bound + 1e-12)
        }
      }
    }
  }

  @Test(arguments: Golden.names)
  func oneEntryOffByATenThousandthPartOfAPercentIsFound(name: String) throws {
    let objective = try Golden.objective(name)
    let right = try gradientResult(objective)

    let (wrong, entry) = offBy(1e-5, objective, right)
    let convicted = try gradientResult(wrong)
    #expect(convicted.verdict == .fail)
    #expect(convicted.entries.fail == 1 && convicted.entries.inconclusive == 0)
    #expect(convicted.parameters[0].entries[entry].verdict == .fail)

    let (small, _) = offBy(1e-7, objective, right)
    let mentioned = try gradientResult(small)
    #expect(mentioned.verdict == .pass)
    #expect(mentioned.parameters[0].entries[entry].verdict == .pass)
    #expect(mentioned.parameters[0].entries[entry].differsMeasurably)
    #expect(
      mentioned.parameters[0].differingMeasurably == right.parameters[0].differingMeasurably + 1)
  }

  // MARK: The verdict of a case

  @Test func aMissingTieFailsTheCase() throws {
    let result = try CheckCase(
      name: "untied", model: "untied-autoencoder", expectedTies: [["encoder", "decoder"]],
      expected: .fail, subjects: [], makeObjective: { try autoencoder(1, tied: false) }
    ).run(.standard)
    #expect(result.gradient.verdict == .pass && result.updates.verdict == .pass)
    #expect(result.verdict == .fail && result.isAsExpected)
  }

  @Test func aWrongTrainingFailsTheCase() throws {
    let subject = UpdateSubject(
      .sgd(learningRate: 0.1), makeOptimizer: { SGD(learningRate: 0.11) })
    let result = try CheckCase(
      name: "tied", model: "tied-autoencoder", subjects: [subject],
      makeObjective: { try autoencoder(1) }
    ).run(.standard)
    #expect(result.gradient.verdict == .pass && result.tie.verdict == .pass)
    #expect(result.verdict == .fail && !result.isAsExpected)
  }

  @Test func whatIsOutOfScopeIsNotJudgedButStillNamesWhatIsWrong() throws {
    // The gradient of a pair that lost a path: ties and updates would fail too.
    let result = try CheckCase(
      name: "gradient alone", model: "mine", expectedTies: [["encoder", "decoder"]],
      scope: .gradient,
      makeObjective: { try autoencoder(1, tied: false) }
    ).run(.standard)
    #expect(result.verdict == .pass)
    #expect(result.tie.missing.isEmpty && result.updates.optimizers.isEmpty)
    #expect(result.structure == nil)
    let updates = try CheckCase(
      name: "updates alone", model: "mine", expectedTies: [["encoder", "decoder"]],
      scope: .updates, makeObjective: { try autoencoder(1, tied: false) }
    ).run(.standard)
    #expect(updates.verdict == .pass && updates.updates.optimizers.count == 7)
  }

  @Test func anEndThatIsAcceptedIsTheExpectedOne() throws {
    let result = try CheckCase(
      name: "untied", model: "mine", expectedTies: [["encoder", "decoder"]], scope: .ties,
      makeObjective: { try autoencoder(1, tied: false) }
    ).run(.standard)
    #expect(!result.isAsExpected)
    #expect(result.accepting(.fail).isAsExpected && !result.accepting(.vacuous).isAsExpected)
  }

  @Test func eachRunMakesItsObjectiveAfresh() throws {
    let once = checkCase("tied-5x5")
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(try encoder.encode(once.run(.standard)) == encoder.encode(once.run(.standard)))
  }

  /// A right model is not convicted for a batch that does not reach all of it.
  @Test(arguments: [true, false]) func whatTheBatchDoesNotReachConvictsNobody(tied: Bool) throws {
    for model in try unreached(tied: tied) {
      let result = try CheckCase(name: "unreached", model: "mine") { model }.run(.standard)
      #expect(result.verdict != .fail && result.tie.verdict != .fail)
      #expect(result.structure?.verdict == .pass)
      #expect(result.diagnoses.isEmpty, "\(result.diagnoses)")
    }
  }

  @Test func theCaseNamesItsLossAndItsNoise() throws {
    let result = try checkCase("tied-softmax-9x4").run(.standard)
    #expect(result.loss.name == "softmax_cross_entropy")
    #expect(result.loss.value == result.gradient.value && result.loss.noise > 0)
  }
}
