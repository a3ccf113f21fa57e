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
  /// Optimizer steps in one batch: each brings its rounding.
  var stepsPerBatch = 1
  /// What is taken for the contributions of a batch, of those of all batches so far: the last one's.
  var given: (_ batches: ArraySlice<[[Double]]>) -> [[Double]] = { $0[$0.endIndex - 1] }
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
        let total = UpdateHypothesis.total(uses)
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

    var uses: Int { gradients.first?.count ?? 0 }
  }

  /// Whether this is what the training did, at every step.
  func explains(_ observed: Observation, _ reference: UpdateReference) -> Bool {
    let allowance = RoundingAllowance(reference, unitRoundoff: observed.unitRoundoff)
    var values = observed.start
    var reach = values.map { abs($0) }
    var memories = [Memory](
      repeating: observed.start.map { UpdateReference.Element(value: $0) },
      count: observed.uses + 1)
    for k in observed.gradients.indices {
      let contributions = given(observed.gradients[...k])
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
        let allowed = allowance.allowed(reach: reach[i], steps: (k + 1) * stepsPerBatch)
        guard abs(values[i] - observed.values[k][i]) <= allowed else { return false }
      }
    }
    return true
  }

  /// The sum of what the uses contribute.
  static func total(_ gradients: [[Double]]) -> [Double] {
    gradients.dropFirst().reduce(gradients[0]) { zip($0, $1).map(+) }
  }
}

extension UpdateReference {
  /// One step of every element, with the state that `memory` holds.
  func move(
    _ values: inout [Double], _ memory: inout UpdateHypothesis.Memory, by gradient: [Double]
  ) {
    for i in values.indices {
      memory[i].value = values[i]
      rule(&memory[i], gradient[i])
      values[i] = memory[i].value
    }
  }
}
