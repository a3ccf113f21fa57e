import GradientCheck
import Testing
import TiedLayers

@testable import FaultGallery

private let names = [
  "sgd", "momentum", "nesterov", "sgd_weight_decay", "rmsprop", "adam", "adamw",
]

private func verdicts(_ fault: some Fault, _ setting: Setting, _ names: [String]) throws -> [[Bool]]
{
  try Setting.seeds.map { seed in
    try updates(setting.right(seed), names.map { fault.wrong(subject($0)) })
      .map { $0.verdict == .fail }
  }
}

struct WrongTrainersTests {
  @Test(arguments: Setting.all)
  func theRightTwinIsAcquitted(setting: Setting) throws {
    for seed in Setting.seeds {
      for result in try updates(setting.right(seed), names.map(subject)) {
        #expect(result.verdict == .pass, "\(result.name), seed \(seed): \(result.findings)")
      }
    }
  }

  @Test(arguments: Setting.all)
  func steppingTwiceIsConvictedWithEveryKindOfOptimizer(setting: Setting) throws {
    #expect(
      try verdicts(SteppedTwice(), setting, ["sgd", "momentum", "adamw"]).allSatisfy {
        $0.allSatisfy { $0 }
      })
    let result = try updates(setting.right(1), [SteppedTwice().wrong(subject("sgd"))])[0]
    #expect(abs(result.fullStep[0].ratio - 2) < 1e-9)
    #expect(result.findings.contains { $0.contains("2 times the predicted amount") })
  }

  @Test(arguments: Setting.all)
  func aStatePerUseIsConvictedWithOptimizersThatAreNotLinear(setting: Setting) throws {
    let found = try verdicts(OneStatePerUse(), setting, ["adam", "adamw", "rmsprop"])
    #expect(found.allSatisfy { $0.allSatisfy { $0 } })
    let result = try updates(setting.right(1), [OneStatePerUse().wrong(subject("adam"))])[0]
    #expect(result.stateSlots! > result.expectedStateSlots)
    #expect(result.findings.contains { $0.hasPrefix("the optimizer keeps \(result.stateSlots!)") })
  }

  /// By linearity two states over one tensor are one: the training is the right one.
  @Test(arguments: Setting.all)
  func aStatePerUseIsHarmlessWithLinearOptimizers(setting: Setting) throws {
    for seed in Setting.seeds {
      let subjects = ["sgd", "momentum", "nesterov"].map { OneStatePerUse().wrong(subject($0)) }
      for result in try updates(setting.right(seed), subjects) {
        #expect(result.verdict == .pass, "\(result.name), seed \(seed): \(result.findings)")
        #expect(result.maxDifference < 1e-12)
      }
    }
  }

  @Test(arguments: Setting.all)
  func decayPerAliasIsConvictedWhereThereIsDecay(setting: Setting) throws {
    let found = try verdicts(DecayPerAlias(), setting, ["sgd_weight_decay", "adamw"])
    #expect(found.allSatisfy { $0.allSatisfy { $0 } })
    // Without decay there is nothing to do twice.
    let without = try verdicts(DecayPerAlias(), setting, ["sgd", "adam"])
    #expect(without.allSatisfy { $0.allSatisfy { !$0 } })
  }

  @Test func onlyTheSharedParametersAreTreatedWrongly() throws {
    for seed in Setting.seeds {
      let objective = try Setting.all[0].right(seed)
      for fault: any Fault in [SteppedTwice(), DecayPerAlias()] {
        let result = try updates(objective, [fault.wrong(subject("sgd_weight_decay"))])[0]
        #expect(result.fullStep.map(\.parameter) == ["W", "b", "c"])
        #expect(result.fullStep.map(\.verdict) == [.fail, .pass, .pass])
      }
    }
  }
}
