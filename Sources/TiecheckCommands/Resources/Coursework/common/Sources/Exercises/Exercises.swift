import Coursework

/// The exercises of this course, in order. The tests in Tests/LayersTests ask them one by one.
public let exercises = [
  DenseBackwardExercise.exercise, TransposedTwinExercise.exercise, SumRuleExercise.exercise,
  OptimizerStepExercise.exercise, FindTheFaultExercise.exercise,
]
