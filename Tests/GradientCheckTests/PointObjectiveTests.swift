import GSLKit
import GradientCheck
import Testing

struct PointObjectiveTests {
  @Test func aMatrixIsCheckedEntryByEntryAndKeepsItsShape() throws {
    let objective = try FunctionObjective(
      at: [[1, 2, 5], [3, 4, 6]], named: "m", loss: { m in m[0][0] * m[1][1] * m[0][2] },
      gradient: { m in
        [[m[1][1] * m[0][2], 0, m[0][0] * m[1][1]], [0, m[0][0] * m[0][2], 0.5]]
      })
    let tensor = try GradientChecker().check(objective).parameters[0]
    #expect(tensor.shape == [2, 3])
    #expect(tensor.entries.filter { $0.verdict == .fail }.map(\.index) == [[1, 2]])
  }

  @Test func anInFloatWrittenLossIsCheckedInFloat() throws {
    let point: [Float] = [0.5, -1.25]
    let objective = PointObjective(
      at: point, loss: { x in x[0] * x[0] * x[1] },
      gradient: { x in [2 * x[0] * x[1], x[0] * x[0]] })
    #expect(objective.parameters[0].unitRoundoff == Float.unitRoundoff)
    #expect(try GradientChecker(CheckOptions(rtol: 1e-2)).check(objective).verdict == .pass)
  }

  @Test func aGradientOfAnotherShapeIsAnErrorThatSaysSo() throws {
    let objective = try FunctionObjective(
      at: [[1, 2, 5], [3, 4, 6]], loss: { m in m[0][0] },
      gradient: { _ in [[1, 0], [0, 0], [0, 0]] })
    let error = #expect(throws: ShapeMismatch.self) { try objective.gradients() }
    #expect(error?.description.contains("got 3 x 2, expected 2 x 3. Is it transposed?") == true)
    #expect(throws: ShapeMismatch.self) {
      try FunctionObjective(at: [[1, 2], [3]], loss: { _ in 0 }, gradient: { $0 })
    }
  }

  @Test func aPointWithoutEntriesIsAnErrorThatSaysSo() {
    let nothing = FunctionObjective(
      at: [Double](), loss: { _ in 1 }, gradient: { _ in [] })
    #expect(throws: NothingToCheck.self) { try GradientChecker().check(nothing) }
  }
}
