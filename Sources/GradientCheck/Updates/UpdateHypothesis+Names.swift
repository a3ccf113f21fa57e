extension UpdateHypothesis {
  /// The hypotheses that fit one failing parameter of one training, each name once.
  static func explanations(
    _ observed: Observation, _ reference: UpdateReference
  ) -> [OptimizerResult.Explanation] {
    let candidates =
      observed.isFrozen
      ? [freezeIgnored(reference)]
      : all(reference, uses: observed.uses) + leaks(reference, observed)
    var found: [OptimizerResult.Explanation] = []
    for hypothesis in candidates
    where !found.contains(where: { $0.id == hypothesis.id })
      && hypothesis.explains(observed, reference)
    {
      found.append(
        .init(
          id: hypothesis.id, parameter: observed.parameter,
          sentence: hypothesis.sentence(observed.parameter)))
    }
    return found
  }

  /// One diagnosis for each parameter that failed: the hypothesis that fits every optimizer that
  /// failed on it.
  static func diagnoses(_ updates: UpdateResult) -> [Diagnosis] {
    var parameters: [String] = []
    for optimizer in updates.optimizers {
      for step in optimizer.fullStep where !parameters.contains(step.parameter) {
        parameters.append(step.parameter)
      }
    }
    return parameters.compactMap { parameter -> Diagnosis? in
      let failing = updates.optimizers.filter { $0.strayed.contains(parameter) }
      guard let first = failing.first else { return nil }
      let common = first.explanations.filter { candidate in
        candidate.parameter == parameter
          && failing.allSatisfy { optimizer in
            optimizer.explanations.contains {
              $0.id == candidate.id && $0.parameter == parameter
            }
          }
      }
      let names = failing.map(\.name).joined(separator: ", ")
      let ratio = first.fullStep.first { $0.parameter == parameter }?.ratio ?? .nan
      switch common.count {
      case 1:
        return Diagnosis(
          id: common[0].id, parameter: parameter, coefficient: ratio, coefficientError: 0,
          explained: true, sentence: "\(common[0].sentence) (\(names))")
      case 0:
        return Diagnosis(
          id: "unexplained", parameter: parameter, coefficient: ratio, coefficientError: 0,
          explained: false,
          sentence:
            "the movement of \(parameter) under \(names) fits no known mistake; the first step "
            + "is \(number(ratio)) times the predicted one")
      default:
        return Diagnosis(
          id: "ambiguous", parameter: parameter, coefficient: ratio, coefficientError: 0,
          explained: true,
          sentence: common.map(\.sentence).joined(separator: "; or ")
            + ". The optimizers that were run (\(names)) cannot tell these apart")
      }
    }
  }
}
