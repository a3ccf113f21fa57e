import GradientCheck
import Testing
import TiedLayers

@testable import FaultGallery

struct DetachedCopyTests {
  @Test(arguments: Setting.all)
  func theGradientCheckConvictsAndTheMissingPathIsNamed(setting: Setting) throws {
    for seed in Setting.seeds {
      let objective = try setting.wrong(DetachedCopy(), seed)
      let gradient = try gradientResult(objective)
      #expect(gradient.verdict == .fail)
      let tie = try tieResult(objective, gradient)
      let kernel = objective.parameters[0].name
      let diagnosis = Diagnostician().diagnose(gradient: gradient, tie: tie)
        .first { $0.parameter == kernel }
      guard let diagnosis else {
        Issue.record("\(setting), seed \(seed): no diagnosis")
        continue
      }
      let last = objective.layerNames.last!
      #expect(diagnosis.id == DetachedCopy().diagnosis, "seed \(seed): \(diagnosis.sentence)")
      #expect(abs(diagnosis.coefficient + 1) <= max(5 * diagnosis.coefficientError, 1e-6))
      #expect(abs(diagnosis.coefficient + 1) < 5e-4)
      #expect(diagnosis.sentence.contains("-1.0000 x \(last)'s path"))
      // The decoder follows, and nothing but the decoder's path is wrong.
      #expect(tie.groups[0].follows.allSatisfy { $0.verdict == .pass })
      #expect(tie.groups[0].paths.map(\.verdict) == [.pass, .fail])
    }
  }

  @Test(arguments: Setting.all)
  func aSharedBiasIsNamedToo(setting: Setting) throws {
    guard setting.biasShared else { return }
    for seed in Setting.seeds {
      let objective = try setting.wrong(DetachedCopy(), seed)
      let gradient = try gradientResult(objective)
      let found = Diagnostician().diagnose(
        gradient: gradient, tie: try tieResult(objective, gradient))
      #expect(found.map(\.id) == ["missing-path", "missing-path"], "seed \(seed)")
    }
  }

  @Test(arguments: Setting.all)
  func theRightTwinIsAcquitted(setting: Setting) throws {
    for seed in Setting.seeds {
      let objective = try setting.right(seed)
      let gradient = try gradientResult(objective)
      #expect(gradient.verdict == .pass, "seed \(seed)")
      #expect(try tieResult(objective, gradient).verdict == .pass, "seed \(seed)")
    }
  }
}
