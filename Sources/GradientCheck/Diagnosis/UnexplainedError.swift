import GSLKit

/// What can be said of an error that has no name, for a person to go on: which rows and columns are
/// wrong, and whether one sample or one unit could be behind it (rank 1).
struct UnexplainedError {
  let tensor: TensorResult
  /// The error as a sum over few samples, if it is one.
  let bySample: String?

  var diagnosis: Diagnosis {
    Diagnosis(
      id: "unexplained", parameter: tensor.name, coefficient: 0, coefficientError: 0,
      explained: false,
      sentence: "the error in \(tensor.name) has no known signature: "
        + [places, ratio, bySample].compactMap { $0 }.joined(separator: "; "))
  }

  private var wrong: [Int] {
    tensor.entries.indices.filter { tensor.entries[$0].verdict == .fail }
  }

  /// Which entries are wrong, and the rank of a kernel's error.
  private var places: String {
    let wrong = wrong
    var evidence = "\(wrong.count) of \(tensor.counts.total) entries are wrong"
    guard tensor.shape.count == 2 else {
      if wrong.count < tensor.counts.total {
        evidence += ", at \(wrong.prefix(8).map(String.init).joined(separator: ", "))"
      }
      return evidence
    }
    func list(_ numbers: Set<Int>) -> String {
      numbers.sorted().map(String.init).joined(separator: ", ")
    }
    let columns = tensor.shape[1]
    let rowsHit = Set(wrong.map { $0 / columns })
    let columnsHit = Set(wrong.map { $0 % columns })
    if wrong.count == 1 {
      evidence = "one entry is wrong, at \(tensor.entries[wrong[0]].index)"
    } else if rowsHit.count == 1 {
      evidence += ", all in row \(rowsHit.first!)"
    } else if columnsHit.count == 1 {
      evidence += ", all in column \(columnsHit.first!): one unit"
    } else if rowsHit.count < tensor.shape[0] {
      evidence += ", in rows \(list(rowsHit))"
    } else if columnsHit.count < columns {
      evidence += ", in columns \(list(columnsHit))"
    }
    let noise = euclideanNorm(tensor.bounds)
    if wrong.count > 1,
      let rank = try? numericalRank(tensor.residual, columns: columns, noise: noise)
    {
      evidence += "; the error has rank \(rank)"
      if rank == 1 { evidence += ", which hints at one sample or one unit" }
    }
    return evidence
  }

  /// The wrong entries are all the same multiple of the right ones.
  private var ratio: String? {
    let ratios = wrong.compactMap { i -> Double? in
      let entry = tensor.entries[i]
      return entry.numeric == 0 ? nil : entry.analytic / entry.numeric
    }
    guard ratios.count > 1, let first = ratios.first,
      ratios.allSatisfy({ abs($0 - first) <= 1e-4 * abs(first) })
    else { return nil }
    return "each of them is the true value times \(number(first))"
  }
}
