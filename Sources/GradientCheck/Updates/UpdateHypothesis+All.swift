import Foundation

/// One function for each way of training wrongly.
extension UpdateHypothesis {
  /// The hypotheses that apply to a reference and a number of uses.
  static func all(_ reference: UpdateReference, uses: Int) -> [UpdateHypothesis] {
    var all = [notMoved, stateLost(reference), notZeroed(reference)]
    for times in Set([2, max(uses, 2)]).sorted() {
      all += [steppedSeveralTimes(reference, times), duplicateInList(reference, times)]
    }
    all.append(gradientDoubled(reference))
    if reference.clippingNorm != nil {
      all += [clippedOncePerUse(reference), clippedByContribution(reference)]
    }
    guard uses > 1 else { return all }
    all += [
      gradientAveraged(reference, uses), statePerUse(reference, uses),
      stepPerContribution(reference, uses),
    ]
    for use in 0..<uses {
      all += [
        twoOptimizers(reference, first: use), onePathOnly(reference, use),
        oneBehind(reference, use),
      ]
    }
    if reference.weightDecay != 0 {
      all += [decoupledDecayPerUse(reference, uses), decayPerUse(reference, uses)]
    }
    return all
  }

  private static var notMoved: UpdateHypothesis {
    UpdateHypothesis(
      id: "not-moved", sentence: { "\($0) is not moved at all" }, step: { _, _, _ in })
  }

  private static func stateLost(_ reference: UpdateReference) -> UpdateHypothesis {
    UpdateHypothesis(
      id: "state-lost", sentence: { "the optimizer's state of \($0) starts anew at every step" },
      step: { values, memories, gradients in
        memories[0] = values.map { UpdateReference.Element(value: $0) }
        reference.move(&values, &memories[0], by: total(gradients))
      })
  }

  /// The gradients of all batches so far stand in the one that steps.
  private static func notZeroed(_ reference: UpdateReference) -> UpdateHypothesis {
    UpdateHypothesis(
      id: "not-zeroed",
      sentence: {
        "\($0) is stepped by the sum of the gradients of all batches so far: they are not set to zero "
          + "between batches"
      },
      step: { values, memories, gradients in
        reference.move(&values, &memories[0], by: total(gradients))
      },
      given: { batches in
        batches.dropFirst().reduce(batches[batches.startIndex]) { sums, batch in
          zip(sums, batch).map { zip($0, $1).map(+) }
        }
      })
  }

  private static func steppedSeveralTimes(
    _ reference: UpdateReference, _ times: Int
  ) -> UpdateHypothesis {
    UpdateHypothesis(
      id: "stepped-twice",
      sentence: { "\($0) is stepped \(times) times a batch, each time by the whole gradient" },
      step: { values, memories, gradients in
        for _ in 0..<times { reference.move(&values, &memories[0], by: total(gradients)) }
      }, stepsPerBatch: times)
  }

  /// PyTorch's SGD: of a parameter that stands several times in its list, each place makes a velocity of
  /// its own at the first step; later steps find the last one, and share it.
  private static func duplicateInList(
    _ reference: UpdateReference, _ times: Int
  ) -> UpdateHypothesis {
    UpdateHypothesis(
      id: "stepped-twice",
      sentence: { "\($0) is stepped \(times) times a batch, each time by the whole gradient" },
      step: { values, memories, gradients in
        // No step uses the memory that is one more: it tells whether this is the first batch.
        let spare = memories.count - 1
        for _ in 0..<times {
          if memories[spare][0].steps == 0 {
            memories[0] = values.map { UpdateReference.Element(value: $0) }
          }
          reference.move(&values, &memories[0], by: total(gradients))
        }
        memories[spare][0].steps = 1
      }, stepsPerBatch: times)
  }

  private static func gradientDoubled(_ reference: UpdateReference) -> UpdateHypothesis {
    UpdateHypothesis(
      id: "gradient-doubled", sentence: { "\($0) is stepped once, by twice its gradient" },
      step: { values, memories, gradients in
        reference.move(&values, &memories[0], by: total(gradients).map { 2 * $0 })
      })
  }

  // MARK: Clipping

  private static func clippedOncePerUse(_ reference: UpdateReference) -> UpdateHypothesis {
    UpdateHypothesis(
      id: "clip-counts-twice",
      sentence: {
        "\($0) is stepped by gradients that were clipped by too large a norm: a shared "
          + "parameter's gradient entered it once for each use"
      },
      step: { values, memories, gradients in
        reference.move(&values, &memories[0], by: total(gradients))
      }, clipping: .oncePerUse)
  }

  private static func clippedByContribution(_ reference: UpdateReference) -> UpdateHypothesis {
    UpdateHypothesis(
      id: "clip-by-contribution",
      sentence: {
        "\($0) is stepped by gradients that were clipped by the norm of the separate "
          + "contributions, as if each belonged to a parameter of its own"
      },
      step: { values, memories, gradients in
        reference.move(&values, &memories[0], by: total(gradients))
      }, clipping: .byContribution)
  }

  // MARK: Several uses

  private static func gradientAveraged(
    _ reference: UpdateReference, _ uses: Int
  ) -> UpdateHypothesis {
    UpdateHypothesis(
      id: "gradient-averaged", sentence: { "\($0) is stepped by the mean of its contributions" },
      step: { values, memories, gradients in
        reference.move(
          &values, &memories[0], by: total(gradients).map { 1 / Double(uses) * $0 })
      })
  }

  private static func statePerUse(_ reference: UpdateReference, _ uses: Int) -> UpdateHypothesis {
    UpdateHypothesis(
      id: "state-per-use",
      sentence: {
        "\($0) is stepped once for each of its \(uses) uses, by that use's contribution and with a "
          + "state of its own"
      },
      step: { values, memories, gradients in
        for use in gradients.indices {
          reference.move(&values, &memories[use], by: gradients[use])
        }
      }, stepsPerBatch: uses)
  }

  private static func stepPerContribution(
    _ reference: UpdateReference, _ uses: Int
  ) -> UpdateHypothesis {
    UpdateHypothesis(
      id: "step-per-contribution",
      sentence: {
        "\($0) is stepped once for each of its \(uses) uses, by that use's contribution, and all of these "
          + "steps share one state"
      },
      step: { values, memories, gradients in
        for gradient in gradients { reference.move(&values, &memories[0], by: gradient) }
      }, stepsPerBatch: uses)
  }

  /// Told from one optimizer only where that one is more than a multiple of the gradient.
  private static func twoOptimizers(
    _ reference: UpdateReference, first use: Int
  ) -> UpdateHypothesis {
    UpdateHypothesis(
      id: "two-optimizers",
      sentence: {
        "\($0) is stepped by two optimizers: use \(use + 1) by the one that was asked for, the "
          + "others by plain gradient descent"
      },
      step: { values, memories, gradients in
        reference.move(&values, &memories[0], by: gradients[use])
        for other in gradients.indices where other != use {
          for i in values.indices { values[i] -= reference.learningRate * gradients[other][i] }
        }
      }, stepsPerBatch: 2)
  }

  private static func onePathOnly(_ reference: UpdateReference, _ use: Int) -> UpdateHypothesis {
    UpdateHypothesis(
      id: "one-path-only",
      sentence: { "\($0) is moved by the contribution of use \(use + 1) alone" },
      step: { values, memories, gradients in
        reference.move(&values, &memories[0], by: gradients[use])
      })
  }

  /// What one use contributes is that of the batch before, at every step but the first.
  private static func oneBehind(_ reference: UpdateReference, _ use: Int) -> UpdateHypothesis {
    UpdateHypothesis(
      id: "one-behind",
      sentence: {
        "\($0) is stepped by what use \(use + 1) contributed one step earlier: that use works on a copy "
          + "that is refreshed after the step"
      },
      step: { values, memories, gradients in
        reference.move(&values, &memories[0], by: total(gradients))
      },
      given: { batches in
        let last = batches.endIndex - 1
        guard last > batches.startIndex else { return batches[last] }
        var given = batches[last]
        given[use] = batches[last - 1][use]
        return given
      })
  }

  // MARK: Weight decay

  /// Decoupled decay: each further use shrinks the weight once more.
  private static func decoupledDecayPerUse(
    _ reference: UpdateReference, _ uses: Int
  ) -> UpdateHypothesis {
    let shrink = 1 - reference.learningRate * reference.weightDecay
    return UpdateHypothesis(
      id: "decay-per-use", sentence: { decayPerUseSentence($0, uses) },
      step: { values, memories, gradients in
        for i in values.indices { values[i] *= Foundation.pow(shrink, Double(uses - 1)) }
        reference.move(&values, &memories[0], by: total(gradients))
      })
  }

  /// Decay that is part of the gradient: each further use adds it once more.
  private static func decayPerUse(_ reference: UpdateReference, _ uses: Int) -> UpdateHypothesis {
    UpdateHypothesis(
      id: "decay-per-use", sentence: { decayPerUseSentence($0, uses) },
      step: { values, memories, gradients in
        let decay = values.map { Double(uses - 1) * reference.weightDecay * $0 }
        reference.move(&values, &memories[0], by: zip(total(gradients), decay).map(+))
      })
  }

  private static func decayPerUseSentence(_ parameter: String, _ uses: Int) -> String {
    "weight decay is applied to \(parameter) \(uses) times, once for each use"
  }

  // MARK: What must not move

  /// A frozen parameter that is trained like any other.
  static func freezeIgnored(_ reference: UpdateReference) -> UpdateHypothesis {
    UpdateHypothesis(
      id: "freeze-ignored", sentence: { "\($0) is frozen and moves all the same" },
      step: { values, memories, gradients in
        reference.move(&values, &memories[0], by: total(gradients))
      })
  }

  /// What a training of a parameter with fixed rows might do: move them by some contributions or by
  /// all.
  static func leaks(
    _ reference: UpdateReference, _ observed: Observation
  ) -> [UpdateHypothesis] {
    guard !observed.fixed.isEmpty else { return [] }
    let rows = observed.fixedRows.map(String.init).joined(separator: ", ")
    let (what, verb) =
      observed.fixedRows.count == 1 ? ("row \(rows)", "is") : ("rows \(rows)", "are")
    let paddingLeaks = UpdateHypothesis(
      id: "padding-leaks",
      sentence: {
        "\(what) of \($0) must stay fixed, as a padding row must, and \(verb) moved by what every use but "
          + "the first contributes"
      },
      step: { values, memories, gradients in
        reference.move(&values, &memories[0], by: total(gradients))
      }, moves: { $0 > 0 })
    let freezeIgnored = UpdateHypothesis(
      id: "freeze-ignored",
      sentence: { "\(what) of \($0) must stay fixed, and \(verb) moved like all the others" },
      step: { values, memories, gradients in
        reference.move(&values, &memories[0], by: total(gradients))
      }, moves: { _ in true })
    // Where the first use contributes nothing to these rows, the two are one.
    let isFirstSilent = observed.gradients.allSatisfy { uses in
      observed.fixed.allSatisfy { uses[0][$0] == 0 }
    }
    guard observed.uses > 1 else { return [freezeIgnored] }
    return isFirstSilent ? [paddingLeaks] : [paddingLeaks, freezeIgnored]
  }
}
