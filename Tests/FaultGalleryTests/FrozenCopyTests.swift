import GradientCheck
import Testing
import TiedLayers

@testable import FaultGallery

struct FrozenCopyTests {
  @Test(arguments: Setting.all)
  func theGradientCheckPassesAndTheTieCheckConvicts(setting: Setting) throws {
    for seed in Setting.seeds {
      let objective = try setting.wrong(FrozenCopy(), seed)
      let gradient = try gradientResult(objective)
      #expect(gradient.verdict == .pass, "seed \(seed)")
      let tie = try tieResult(objective, gradient)
      #expect(tie.verdict == .fail, "seed \(seed)")
      let follows = tie.groups[0].follows
      #expect(follows.map(\.verdict) == [.pass, .fail])
      let last = objective.layerNames.last!
      #expect(follows[1].layer == last)
      #expect(follows[1].reason?.contains("it holds a copy") == true)
      // The whole gradient is one path: neither paths nor sum can tell.
      #expect(tie.groups[0].sumRule.verdict == .pass && tie.groups[0].paths[1].norm == 0)
    }
  }
}
