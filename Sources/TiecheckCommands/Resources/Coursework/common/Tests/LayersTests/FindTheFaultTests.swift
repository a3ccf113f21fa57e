import Exercises
import GradientCheckTesting
import Testing

extension Course {
  @Suite("5. find-the-fault, 4 points") struct FindTheFaultTests {
    @Test("the gradient of the kernel, 4 points") func gradient() {
      expectGradient(
        of: try FindTheFaultExercise.gradient(seed: 1), named: "find-the-fault: gradient")
    }
  }
}
