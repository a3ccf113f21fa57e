import Foundation
import GSLKit
import TiedLayers

/// What a wrong training might be doing, simulated by the reference and compared with what it did.
///
/// The same idea as for gradients: the moved amount against each hypothesis, within rounding; the
/// name is given only if one hypothesis fits every optimizer that failed.
struct UpdateHypothesis {
  let id: String
  let sentence: (_ parameter: String) -> String
  /// One batch: the values so far, a memory for each use and one more, and what each use contributed,
  /// after clipping.
  let step: (_ values: inout [Double], _ memories: inout [Memory], _ gradients: [[Double]]) -> Void
  /// How the length that clipping compares with its norm is taken.
  var clipping = Clipping.Length.eachOnce
  /// Which contributions move the elements that should be fixed, by the number of the use: none.
  var moves: (_ use: Int) -> Bool = { _ in false }

  /// The reference's elements for one use.
  typealias Memory = [UpdateReference.Element]

  /// What clipping did to one batch, had it taken the length of all gradients in one of these ways.
  struct Clipping {
    enum Length: CaseIterable {
      /// Each parameter once.
      case eachOnce
      /// A shared parameter's gradient once for each of its uses.
      case oncePerUse
      /// The contributions of a shared parameter as if they belonged to different ones.
      case byContribution
    }
    let factors: [Length: Double]

    static let none = Clipping(factors: [:])

    /// - Parameter contributions: by parameter, then by use.
    init(_ reference: UpdateReference, contributions: [[[Double]]]) {
      var squares: [Length: Double] = [:]
      for uses in contributions where !uses.isEmpty {
        let total = uses.dropFirst().reduce(uses[0]) { zip($0, $1).map(+) }
        let whole = innerProduct(total, total)
        squares[.eachOnce, default: 0] += whole
        squares[.oncePerUse, default: 0] += Double(uses.count) * whole
        squares[.byContribution, default: 0] += uses.reduce(0) { $0 + innerProduct($1, $1) }
      }
      factors = squares.mapValues { reference.clippingFactor(length: $0.squareRoot()) }
    }

    private init(factors: [Length: Double]) { self.factors = factors }
  }

  /// What one training did to one parameter.
  struct Observation {
    let parameter: String
    let start: [Double]
    /// By step, then by use.
    let gradients: [[[Double]]]
    /// By step.
    var clipping: [Clipping] = []
    /// The parameter was not to be trained.
    var isFrozen = false
    /// Rows that were not to be trained, and the places of their elements.
    var fixedRows: [Int] = []
    var fixed: [Int] = []
    /// By step.
    let values: [[Double]]
    let unitRoundoff: Double
    let rounded: (Double) -> Double
  }

  /// Whether this is what the training did, at every step.
  func explains(_ observed: Observation) -> Bool {
    var values = observed.start
    // As in the check itself: rounding is measured along the whole way of a number.
    var reach = values.map { abs($0) }
    let uses = observed.gradients.first?.count ?? 0
    var memories = [Memory](
      repeating: observed.start.map { UpdateReference.Element(value: $0) }, count: uses + 1)
    for (k, contributions) in observed.gradients.enumerated() {
      let factor = k < observed.clipping.count ? observed.clipping[k].factors[clipping] ?? 1 : 1
      var gradients =
        factor == 1 ? contributions : contributions.map { $0.map { factor * $0 } }
      let before = values
      for use in gradients.indices where !moves(use) {
        for i in observed.fixed { gradients[use][i] = 0 }
      }
      step(&values, &memories, gradients)
      if !gradients.indices.contains(where: moves) {
        for i in observed.fixed { values[i] = before[i] }
      }
      for i in values.indices {
        values[i] = observed.rounded(values[i])
        reach[i] += abs(values[i] - before[i])
        let allowed = 2048 * Double(k + 1) * observed.unitRoundoff * reach[i]
        guard abs(values[i] - observed.values[k][i]) <= allowed else { return false }
      }
    }
    return true
  }

  /// The hypotheses that apply to a reference and a number of uses.
  static func all(_ reference: UpdateReference, uses: Int) -> [UpdateHypothesis] {
    func move(_ values: inout [Double], _ memory: inout Memory, _ gradient: [Double]) {
      for i in values.indices {
        memory[i].value = values[i]
        reference.rule(&memory[i], gradient[i])
        values[i] = memory[i].value
      }
    }
    func total(_ gradients: [[Double]]) -> [Double] {
      gradients.dropFirst().reduce(gradients[0]) { zip($0, $1).map(+) }
    }
    func scaled(_ factor: Double, _ gradients: [[Double]]) -> [Double] {
      total(gradients).map { factor * $0 }
    }
    let right = { (values: inout [Double], memories: inout [Memory], gradients: [[Double]]) in
      move(&values, &memories[0], total(gradients))
    }
    var all = [
      UpdateHypothesis(
        id: "not-moved", sentence: { "\($0) is not moved at all" }, step: { _, _, _ in }),
      UpdateHypothesis(
        id: "state-lost",
        sentence: { "the optimizer's state of \($0) starts anew at every step" },
        step: { values, memories, gradients in
          memories[0] = values.map { UpdateReference.Element(value: $0) }
          move(&values, &memories[0], total(gradients))
        }),
    ]
    for times in Set([2, max(uses, 2)]).sorted() {
      all.append(
        UpdateHypothesis(
          id: "stepped-twice",
          sentence: { "\($0) is stepped \(times) times a batch, each time by the whole gradient" },
          step: { values, memories, gradients in
            for _ in 0..<times { move(&values, &memories[0], total(gradients)) }
          }))
      // PyTorch's SGD: of a parameter that stands several times in its list, each place makes a
      // velocity of its own at the first step; later steps find the last one, and share it.
      all.append(
        UpdateHypothesis(
          id: "stepped-twice",
          sentence: { "\($0) is stepped \(times) times a batch, each time by the whole gradient" },
          step: { values, memories, gradients in
            // Nobody moves by the memory that is one more: it tells whether this is the first step.
            let spare = memories.count - 1
            for _ in 0..<times {
              if memories[spare][0].steps == 0 {
                memories[0] = values.map { UpdateReference.Element(value: $0) }
              }
              move(&values, &memories[0], total(gradients))
            }
            memories[spare][0].steps = 1
          }))
    }
    all.append(
      UpdateHypothesis(
        id: "gradient-doubled", sentence: { "\($0) is stepped once, by twice its gradient" },
        step: { values, memories, gradients in
          move(&values, &memories[0], scaled(2, gradients))
        }))
    if reference.clippingNorm != nil {
      all.append(
        UpdateHypothesis(
          id: "clip-counts-twice",
          sentence: {
            "\($0) is stepped by gradients that were clipped by too large a norm: a shared "
              + "parameter's gradient entered it once for each use"
          }, step: right, clipping: .oncePerUse))
      all.append(
        UpdateHypothesis(
          id: "clip-by-contribution",
          sentence: {
            "\($0) is stepped by gradients that were clipped by the norm of the separate "
              + "contributions, as if each belonged to a parameter of its own"
          }, step: right, clipping: .byContribution))
    }
    guard uses > 1 else { return all }
    all.append(
      UpdateHypothesis(
        id: "gradient-averaged", sentence: { "\($0) is stepped by the mean of its contributions" },
        step: { values, memories, gradients in
          move(&values, &memories[0], scaled(1 / Double(uses), gradients))
        }))
    all.append(
      UpdateHypothesis(
        id: "state-per-use",
        sentence: {
          "\($0) is stepped once for each of its \(uses) uses, by that use's contribution and with a "
            + "state of its own"
        },
        step: { values, memories, gradients in
          for use in gradients.indices { move(&values, &memories[use], gradients[use]) }
        }))
    for use in 0..<uses {
      // Told from one optimizer only where that one is more than a multiple of the gradient.
      all.append(
        UpdateHypothesis(
          id: "two-optimizers",
          sentence: {
            "\($0) is stepped by two optimizers: use \(use + 1) by the one that was asked for, the "
              + "others by plain gradient descent"
          },
          step: { values, memories, gradients in
            move(&values, &memories[0], gradients[use])
            for other in gradients.indices where other != use {
              for i in values.indices {
                values[i] -= reference.learningRate * gradients[other][i]
              }
            }
          }))
      all.append(
        UpdateHypothesis(
          id: "one-path-only",
          sentence: { "\($0) is moved by the contribution of use \(use + 1) alone" },
          step: { values, memories, gradients in
            move(&values, &memories[0], gradients[use])
          }))
    }
    if reference.weightDecay != 0 {
      let shrink = 1 - reference.learningRate * reference.weightDecay
      let extra = Double(uses - 1)
      let sentence = { (parameter: String) in
        "weight decay is applied to \(parameter) \(uses) times, once for each use"
      }
      all.append(
        UpdateHypothesis(
          id: "decay-per-use", sentence: sentence,
          step: { values, memories, gradients in
            for i in values.indices { values[i] *= Foundation.pow(shrink, extra) }
            move(&values, &memories[0], total(gradients))
          }))
      all.append(
        UpdateHypothesis(
          id: "decay-per-use", sentence: sentence,
          step: { values, memories, gradients in
            let decay = values.map { extra * reference.weightDecay * $0 }
            move(&values, &memories[0], zip(total(gradients), decay).map(+))
          }))
    }
    return all
  }

  // MARK: Names

  /// What a training of a parameter with fixed rows might do: move them by some contributions or by
  /// all.
  private static func leaks(
    _ reference: UpdateReference, _ observed: Observation
  ) -> [UpdateHypothesis] {
    guard !observed.fixed.isEmpty else { return [] }
    let move = { (values: inout [Double], memories: inout [Memory], gradients: [[Double]]) in
      for i in values.indices {
        memories[0][i].value = values[i]
        reference.rule(&memories[0][i], gradients.reduce(0) { $0 + $1[i] })
        values[i] = memories[0][i].value
      }
    }
    let rows = observed.fixedRows.map(String.init).joined(separator: ", ")
    let (what, verb) =
      observed.fixedRows.count == 1 ? ("row \(rows)", "is") : ("rows \(rows)", "are")
    let others = UpdateHypothesis(
      id: "padding-leaks",
      sentence: {
        "\(what) of \($0) must stay fixed, as a padding row must, and \(verb) moved by what every use but "
          + "the first contributes"
      }, step: move, moves: { $0 > 0 })
    let all = UpdateHypothesis(
      id: "freeze-ignored",
      sentence: { "\(what) of \($0) must stay fixed, and \(verb) moved like all the others" },
      step: move,
      moves: { _ in true })
    // Where the first use contributes nothing to these rows, the two are one.
    let isFirstSilent = observed.gradients.allSatisfy { uses in
      observed.fixed.allSatisfy { uses[0][$0] == 0 }
    }
    let uses = observed.gradients.first?.count ?? 0
    return uses > 1 ? (isFirstSilent ? [others] : [others, all]) : [all]
  }

  /// The hypotheses that fit one failing parameter of one training.
  static func explanations(
    _ observed: Observation, _ reference: UpdateReference
  ) -> [OptimizerResult.Explanation] {
    var found: [OptimizerResult.Explanation] = []
    if observed.isFrozen {
      let ignored = UpdateHypothesis(
        id: "freeze-ignored", sentence: { "\($0) is frozen and moves all the same" },
        step: { values, memories, gradients in
          let total = gradients.dropFirst().reduce(gradients[0]) { zip($0, $1).map(+) }
          for i in values.indices {
            memories[0][i].value = values[i]
            reference.rule(&memories[0][i], total[i])
            values[i] = memories[0][i].value
          }
        })
      return ignored.explains(observed)
        ? [
          .init(
            id: ignored.id, parameter: observed.parameter,
            sentence: ignored.sentence(observed.parameter))
        ] : []
    }
    let uses = observed.gradients.first?.count ?? 0
    for hypothesis in all(reference, uses: uses) + leaks(reference, observed)
    where hypothesis.explains(observed) && !found.contains(where: { $0.id == hypothesis.id }) {
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
