import GSLKit

/// Something measured at the point that an error of the gradient may be a multiple of: one hypothesis of
/// the diagnosis.
struct Signature {
  /// A coefficient that means something, its name and what to say.
  struct Meaning {
    let coefficient: Double
    let id: String
    let sentence: String
  }

  /// In words, such as "decoder's path".
  let label: String
  let values: [Double]
  let bounds: [Double]
  var meanings: [Meaning] = []
  /// Name and words for any other coefficient; nil if no other makes sense.
  var other: ((Double) -> (id: String, sentence: String))?
  /// Any multiple of it makes sense, beside another signature too.
  var isFree = false

  func told(_ c: Double, _ sentence: String) -> String { "\(number(c)) x \(label): \(sentence)" }

  /// The meanings of a coefficient that was fitted with an error.
  func meanings(of c: Double, error: Double) -> [Meaning] {
    guard error < 0.05 else { return [] }
    return meanings.filter { abs(c - $0.coefficient) <= max(5 * error, 1e-6) }
  }
}

// MARK: One factory for each hypothesis

extension Signature {
  /// The contribution through one use is left out, counted twice, or scaled.
  static func path(_ path: TensorResult, of name: String) -> Signature {
    Signature(
      label: "\(path.name)'s path", values: path.numeric, bounds: path.bounds,
      meanings: [
        Meaning(
          coefficient: -1, id: "missing-path",
          sentence: "the contribution of \(path.name) is missing from the gradient of \(name)"),
        Meaning(
          coefficient: 1, id: "doubled-path",
          sentence: "the contribution of \(path.name) to \(name) is counted twice"),
      ],
      other: {
        (
          "scaled-path",
          "the contribution of \(path.name) to \(name) is multiplied by \(number(1 + $0))"
        )
      })
  }

  /// The contribution through a transposed use is added as it is; nil where the kernel is not square, and
  /// it could not be.
  static func untransposed(_ path: TensorResult, of tensor: TensorResult) -> Signature? {
    guard tensor.shape.count == 2, tensor.shape[0] == tensor.shape[1] else { return nil }
    let n = tensor.shape[0]
    let turned = transposed(path.numeric, rows: n, columns: n)
    let turnedBounds = transposed(path.bounds, rows: n, columns: n)
    return Signature(
      label: "(\(path.name)'s path turned - as it should be)",
      values: zip(turned, path.numeric).map { $0 - $1 },
      bounds: zip(turnedBounds, path.bounds).map { $0 + $1 },
      meanings: [
        Meaning(
          coefficient: 1, id: "untransposed",
          sentence:
            "the contribution of \(path.name) is added to \(tensor.name) without transposing it")
      ])
  }

  /// Of more than two contributions one alone is left.
  static func allBut(
    _ path: TensorResult, among paths: [TensorResult], of tensor: TensorResult
  ) -> Signature {
    let others = paths.map(\.name).filter { $0 != path.name }.joined(separator: ", ")
    return Signature(
      label: "the gradient without \(path.name)'s path",
      values: zip(tensor.numeric, path.numeric).map { $0 - $1 },
      bounds: zip(tensor.bounds, path.bounds).map { $0 + $1 },
      meanings: [
        Meaning(
          coefficient: -1, id: "missing-path",
          sentence:
            "of the contributions to \(tensor.name) only that of \(path.name) is left; missing are those "
            + "of \(others)")
      ])
  }

  /// The whole gradient is left out, counted twice, averaged over uses, or a sum and not a mean.
  /// - Parameters:
  ///   - uses: how many layers use it.
  ///   - batch: how many samples the loss is a mean over; nil if there is no batch.
  static func whole(_ tensor: TensorResult, uses: Int, batch: Int?) -> Signature {
    let name = tensor.name
    var meanings = [
      Meaning(
        coefficient: -1, id: "zero-gradient", sentence: "the claimed gradient of \(name) is zero"),
      Meaning(
        coefficient: 1, id: "doubled", sentence: "the gradient of \(name) is counted twice"),
    ]
    if uses > 1 {
      meanings.append(
        Meaning(
          coefficient: 1 / Double(uses) - 1, id: "averaged",
          sentence:
            "the contributions to \(name) are averaged over its \(uses) uses instead of added"))
    }
    if let batch, batch > 2 {
      meanings += [
        Meaning(
          coefficient: Double(batch) - 1, id: "sum-for-mean",
          sentence:
            "the gradient of \(name) is a sum over the \(batch) samples where the loss is a mean"),
        Meaning(
          coefficient: 1 / Double(batch) - 1, id: "mean-twice",
          sentence: "the gradient of \(name) is divided by the \(batch) samples once too often"),
      ]
    }
    return Signature(
      label: "the gradient", values: tensor.numeric, bounds: tensor.bounds, meanings: meanings,
      other: {
        ("scaled", "the claimed gradient of \(name) is the true one times \(number(1 + $0))")
      })
  }

  /// A term of the loss that reads the parameter: once, however often it is used.
  static func lossTerm(_ path: TensorResult, of name: String, uses: Int) -> Signature {
    var meanings = [
      Meaning(
        coefficient: -1, id: "regulariser-missing",
        sentence: "the gradient of \(name) leaves \(path.name) out")
    ]
    if uses > 1 {
      meanings.append(
        Meaning(
          coefficient: Double(uses - 1), id: "regulariser-per-use",
          sentence:
            "the gradient of \(name) holds \(path.name) \(uses) times, once for each use, and the loss "
            + "holds it once"))
    }
    return Signature(
      label: path.name, values: path.numeric, bounds: path.bounds, meanings: meanings,
      other: {
        (
          "regulariser-scaled",
          "the gradient of \(name) holds \(number(1 + $0)) times \(path.name)"
        )
      }, isFree: true)
  }

  /// A multiple of the weights themselves, which no term of the loss accounts for.
  static func weights(_ weights: [Double], of name: String) -> Signature {
    Signature(
      label: "\(name) itself", values: weights, bounds: weights.map { _ in 0 },
      other: {
        (
          "stray-weight-term",
          "the gradient of \(name) holds \(number($0)) x \(name) itself: a decay or regulariser "
            + "that the loss does not have, or has once less"
        )
      }, isFree: true)
  }

  /// What one particular mistake would claim, in place of the gradient.
  static func mistake(_ wrong: WrongGradient, of tensor: TensorResult) -> Signature {
    Signature(
      label: wrong.label, values: zip(tensor.numeric, wrong.values).map { $0 - $1 },
      // Measured with the steps of the whole, part by part.
      bounds: tensor.bounds.map { 4 * $0 },
      meanings: [Meaning(coefficient: -1, id: wrong.id, sentence: wrong.sentence)])
  }
}
