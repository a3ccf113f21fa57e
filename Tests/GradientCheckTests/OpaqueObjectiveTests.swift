import GradientCheck
import Testing
import TiedLayers

private func cubes(_ gradient: @escaping ([Double]) -> [Double]) -> FunctionObjective {
  FunctionObjective(
    at: [0.3, -0.7, 1.1, 0.4, -1.2], loss: { x in x.reduce(0) { $0 + $1 * $1 * $1 / 4 } },
    gradient: gradient)
}

struct OpaqueObjectiveTests {
  @Test func anyObjectiveIsACase() throws {
    let result = try CheckCase(name: "cubes", model: "mine") {
      OpaqueObjective(cubes { x in x.map { 3 * $0 * $0 / 4 } })
    }.run(CheckOptions())
    #expect(result.verdict == .pass)
    #expect(result.tie.groups.isEmpty)
    #expect(result.updates.optimizers.count == 7)
    #expect(result.summary.totalParameters == 5)
  }

  @Test func aSumInPlaceOfAMeanIsNamedWhereTheBatchIsKnown() throws {
    for (batch, name) in [(4, "sum-for-mean"), (1, "scaled")] {
      let result = try CheckCase(name: "cubes", model: "mine") {
        OpaqueObjective(cubes { x in x.map { 3 * $0 * $0 } }, batch: batch)
      }.run(CheckOptions())
      #expect(result.gradient.verdict == .fail)
      #expect(result.diagnoses.first?.id == name)
    }
  }
}
