import GSLKit

/// The difference table of ECNoise.
struct DifferenceTable {
  /// sigma_1 ... sigma_8.
  private(set) var deviations: [Double] = []
  /// Whether D^1 ... D^8 change sign.
  private(set) var changesSign: [Bool] = []
  /// D^1 ... D^8.
  private var levels: [[Double]] = []
  /// Half of the first differences vanish: the spacing is too small to see anything.
  private(set) var mostlyFlat = false
  /// The smallest first difference that is not zero; 0 where all are.
  private(set) var smallestStep = 0.0

  init(_ values: [Double]) {
    var differences = values
    var gamma = 1.0
    for j in 1..<values.count {
      differences = zip(differences.dropFirst(), differences).map { $0 - $1 }
      gamma *= Double(j) / (2 * (2 * Double(j) - 1))
      let mean = differences.reduce(0) { $0 + $1 * $1 } / Double(differences.count)
      deviations.append((gamma * mean).squareRoot())
      changesSign.append(differences.contains { $0 > 0 } && differences.contains { $0 < 0 })
      levels.append(differences)
      if j == 1 {
        let steps = differences.filter { $0 != 0 }.map(abs)
        mostlyFlat = 2 * steps.count <= differences.count
        smallestStep = steps.min() ?? 0
      }
    }
  }

  /// The first level whose next two agree with it within a factor of 4 and whose differences change
  /// sign; nil if there is none.
  var noise: Double? { noiseLevel.map { deviations[$0] } }

  private var noiseLevel: Int? {
    if mostlyFlat { return nil }
    return (0..<(deviations.count - 2)).first { j in
      let window = deviations[j...(j + 2)]
      return changesSign[j] && window.max()! <= 4 * window.min()!
    }
  }

  /// The loss moves by exactly the same from point to point: it is a line, or it was rounded to steps of just
  /// that length.
  var isExactlyLinear: Bool { !mostlyFlat && levels[1].allSatisfy { $0 == 0 } }

  /// What is left where no level shows noise: beyond the third differences only bends are.
  var remainder: Double { deviations[2] }

  /// Whether what looks like noise stands at the same places and in the same proportions in another table.
  /// A corner at the point does so at every spacing, and noise at none.
  func repeats(_ other: DifferenceTable) -> Bool {
    guard let level = other.noiseLevel else { return false }
    let (a, b) = (levels[max(level, 1)], other.levels[max(level, 1)])
    let size = euclideanNorm(a) * euclideanNorm(b)
    return size > 0 && innerProduct(a, b) > 0.95 * size
  }
}
