import GSLKit
import GradientCheck
import Testing
import TiedLayers

@testable import TiecheckCommands

@Suite struct CommandErrorTests {
  /// What the checker throws at a loss.
  private func error(_ loss: @escaping () -> Double) -> (any Error)? {
    let objective = FunctionObjective(at: [1], loss: { _ in loss() }, gradient: { _ in [0] })
    do {
      _ = try GradientChecker().check(objective)
      return nil
    } catch {
      return error
    }
  }

  @Test func aLossThatIsNotDeterministic() throws {
    var calls = 0.0
    let thrown = try #require(
      error {
        calls += 1
        return calls
      })
    let command = CommandError(thrown)
    #expect(command.status == .badInput)
    #expect(
      command.description.contains("not deterministic: at the same point it was 1.0 and then 2.0"))
  }

  @Test func aLossThatIsNotFinite() throws {
    let command = CommandError(try #require(error { .nan }))
    #expect(command.status == .badInput)
    #expect(command.description.contains("the loss at the given point is nan"))
  }

  @Test func whatErrorsMean() {
    struct Unforeseen: Error {}
    #expect(
      CommandError(ShapeMismatch(operation: "x", given: "1", expected: "2")).status == .badInput)
    #expect(CommandError(CommandError(.noOutput, "x")).status == .noOutput)
    #expect(CommandError(Unforeseen()).status == .internalFault)
  }
}
