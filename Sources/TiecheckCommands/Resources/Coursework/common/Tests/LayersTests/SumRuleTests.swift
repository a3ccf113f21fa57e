import Exercises
import GradientCheckTesting
import Testing

extension Course {
  @Suite("3. sum-rule, 3 points") struct SumRuleTests {
    @Test("a kernel of 3 x 3, 2 points") func square() {
      expectGradient(of: try SumRuleExercise.square(seed: 1), named: "sum-rule: square")
    }

    @Test("a kernel of 4 x 2, 1 point") func oblong() {
      expectGradient(of: try SumRuleExercise.oblong(seed: 1), named: "sum-rule: oblong")
    }
  }
}
