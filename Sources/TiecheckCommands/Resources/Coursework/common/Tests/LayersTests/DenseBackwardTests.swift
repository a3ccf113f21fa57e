import Exercises
import GradientCheckTesting
import Testing

extension Course {
  @Suite("1. dense-backward, 4 points") struct DenseBackwardTests {
    @Test("the gradient of the kernel, 2 points") func kernel() {
      expectGradient(of: try DenseBackwardExercise.kernel(seed: 1), named: "dense-backward: kernel")
    }

    @Test("the gradient of the bias, 1 point") func bias() {
      expectGradient(of: try DenseBackwardExercise.bias(seed: 1), named: "dense-backward: bias")
    }

    @Test("the gradient of the input, 1 point") func input() {
      expectGradient(of: try DenseBackwardExercise.input(seed: 1), named: "dense-backward: input")
    }
  }
}
