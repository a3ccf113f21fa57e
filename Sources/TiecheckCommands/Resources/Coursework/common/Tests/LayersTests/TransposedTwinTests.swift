import Exercises
import GradientCheckTesting
import Testing

extension Course {
  @Suite("2. transposed-twin, 5 points") struct TransposedTwinTests {
    @Test("the gradient of kernel and biases, 3 points") func gradient() {
      expectGradient(
        of: try TransposedTwinExercise.gradient(seed: 1), named: "transposed-twin: gradient")
    }

    @Test("one kernel, used twice, 2 points") func tie() {
      expectTied(
        "encoder", "decoder", in: try TransposedTwinExercise.pair(seed: 1),
        named: "transposed-twin: tie")
    }
  }
}
