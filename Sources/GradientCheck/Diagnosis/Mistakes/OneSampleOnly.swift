import TiedLayers

/// A gradient that holds what one sample of the batch contributes: the first or the last, as a loop leaves
/// it that assigns where it should add.
struct OneSampleOnly: MeasuredMistake {
  func wrongGradients(
    _ objective: any PathObjective, _ tensor: TensorResult, parameter p: Int
  ) throws -> [WrongGradient] {
    guard let objective = objective as? any SampledObjective else { return [] }
    let parameter = objective.parameters[p]
    let count = try objective.sampleValues().count
    guard (2...SampleEvidence.mostSamples).contains(count),
      tensor.entries.count == parameter.count
    else { return [] }
    return try [(0, "first"), (count - 1, "last")].flatMap { sample, which in
      // The loss' term of this sample, which holds its weight.
      let share = try tensor.derivatives(by: parameter) { try objective.sampleValues()[sample] }
      return [1, Double(count)].map { factor in
        WrongGradient(
          id: "batch-not-summed", label: "what the other samples contribute",
          sentence:
            "the gradient of \(tensor.name) holds what the \(which) of the \(count) samples contributes"
            + (factor == 1 ? "" : ", times \(count),")
            + " and nothing of the others: they are not summed",
          values: share.map { factor * $0 })
      }
    }
  }
}
