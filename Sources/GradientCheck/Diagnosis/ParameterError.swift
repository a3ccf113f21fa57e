import GSLKit

/// The error of one parameter's gradient, and what was measured at the same point that may explain it:
/// by entries, or along the same random directions.
struct ParameterError {
  /// The gradient through one use.
  struct Path {
    let name: String
    let values: [Double]
    let bounds: [Double]
    /// The claim of this use alone is what was measured; nil where nobody says what a use claims.
    let isRight: Bool?
    let isTransposed: Bool
    /// A term of the loss, and no layer.
    let isLossTerm: Bool
  }

  let name: String
  let shape: [Int]
  /// Claimed minus measured.
  let residual: [Double]
  /// The measured gradient, with its error bounds.
  let measured: [Double]
  let bounds: [Double]
  let paths: [Path]
  /// The parameter's own values, as the gradient is given: they may stand in it.
  let weights: [Double]?
  let isByEntry: Bool
  /// The numbers that count: those that could be decided, of the whole and of every path. All, where
  /// fewer than half could.
  let decided: [Int]

  /// What a claim's own rounding may add to the residual, relative to the gradient: a thousand roundings of
  /// the claimed precision, where the witness is more precise than the claim.
  static func claimRounding(unitRoundoff: Double) -> Double {
    unitRoundoff > Double.unitRoundoff ? min(1e3 * unitRoundoff, 1e-2) : 0
  }

  /// - Parameters:
  ///   - group: the check of its uses, if it has several.
  ///   - weights: its values, along the same directions where the gradient was checked along such.
  ///   - claimRounding: see `claimRounding(unitRoundoff:)`.
  init(_ tensor: TensorResult, _ group: TieGroup?, weights: [Double]?, claimRounding: Double = 0) {
    let entries = tensor.measuredEntries
    name = tensor.name
    shape = tensor.shape
    residual = entries.map { $0.analytic - $0.numeric }
    measured = entries.map(\.numeric)
    let scale = rootMeanSquare(measured)
    bounds = entries.map { $0.bound + claimRounding * max(abs($0.numeric), scale) }
    isByEntry = tensor.lines == nil
    self.weights = weights
    let found = (group?.measured ?? []).filter { $0.entries.count == entries.count }
    // The claims by use say which use is wrong only if they add up to the claim that was checked.
    let claimsAddUp = (group?.sumRule.maxClaimedError).map { $0 < 1e-3 } ?? false
    var paths: [Path] = []
    for (i, path) in found.enumerated() {
      guard let group, i < group.paths.count, i < group.uses.count else { break }
      let (record, use) = (group.paths[i], group.uses[i])
      let isClaimed = claimsAddUp && record.claimedNorm != nil
      paths.append(
        Path(
          name: path.name, values: path.entries.map(\.numeric),
          bounds: path.entries.map(\.bound),
          isRight: isClaimed ? record.verdict == .pass : nil,
          isTransposed: use.transposed, isLossTerm: use.isLossTerm == true))
    }
    self.paths = paths
    func isDecided(_ entry: EntryResult) -> Bool {
      entry.verdict == .pass || entry.verdict == .fail
    }
    let decided = entries.indices.filter { i in
      isDecided(entries[i]) && found.allSatisfy { isDecided($0.entries[i]) }
    }
    self.decided = 2 * decided.count >= entries.count ? decided : Array(entries.indices)
  }

  /// The uses by layers, with their places among the paths.
  var layerPaths: [(place: Int, path: Path)] {
    paths.enumerated().filter { !$1.isLossTerm }.map { ($0, $1) }
  }
}
