import Exercises
import GradientCheckTesting
import Testing

extension Course {
  @Suite("4. optimizer-step, 4 points") struct OptimizerStepTests {
    @Test("one step, 2 points") func oneStep() {
      expectUpdates(
        of: try OptimizerStepExercise.autoencoder(seed: 1), training: OptimizerStepExercise.yours,
        matching: OptimizerStepExercise.reference, steps: 1, named: "optimizer-step: one step")
    }

    @Test("five steps, 2 points") func fiveSteps() {
      expectUpdates(
        of: try OptimizerStepExercise.autoencoder(seed: 1), training: OptimizerStepExercise.yours,
        matching: OptimizerStepExercise.reference, steps: 5, named: "optimizer-step: five steps")
    }
  }
}
