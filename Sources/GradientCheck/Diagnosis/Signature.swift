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

  /// What it is the signature of; a use by its place among the paths.
  enum Part: Hashable {
    case path(Int)
    case untransposed(Int)
    case allBut(Int)
    case whole
    case lossTerm(Int)
    case weights
    case mistake
  }

  let part: Part
  /// In words, such as "decoder's path".
  let label: String
  let values: [Double]
  let bounds: [Double]
  var meanings: [Meaning] = []
  /// Name and words for any other coefficient; nil if no other makes sense.
  var other: ((Double) -> (id: String, sentence: String))?

  /// Any multiple of it makes sense, beside another signature too.
  var isFree: Bool {
    switch part {
    case .lossTerm, .weights: true
    default: false
    }
  }

  func told(_ c: Double, _ sentence: String) -> String { "\(number(c)) x \(label): \(sentence)" }
}

// MARK: One factory for each hypothesis

extension Signature {
  /// Every hypothesis that applies to one parameter.
  static func all(_ error: ParameterError, _ scales: LossScales) -> [Signature] {
    let paths = error.layerPaths
    var signatures = paths.flatMap { place, path in
      [Signature.path(path, place, of: error.name)]
        + (path.isTransposed ? [untransposed(path, place, of: error)].compactMap { $0 } : [])
    }
    // With two uses, one path alone is the other one missing.
    if paths.count > 2 {
      signatures += paths.map { .allBut($0, $1, among: paths.map(\.path.name), of: error) }
    }
    signatures.append(.whole(error, scales))
    for (place, path) in error.paths.enumerated() where path.isLossTerm {
      signatures.append(.lossTerm(path, place, of: error.name, uses: paths.count))
    }
    if let weights = error.weights, paths.count == error.paths.count {
      signatures.append(.weights(weights, of: error.name))
    }
    return signatures
  }

  /// The contribution through one use is left out, counted twice, or scaled.
  static func path(_ path: ParameterError.Path, _ place: Int, of name: String) -> Signature {
    Signature(
      part: .path(place), label: "\(path.name)'s path", values: path.values, bounds: path.bounds,
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
  static func untransposed(
    _ path: ParameterError.Path, _ place: Int, of error: ParameterError
  ) -> Signature? {
    guard error.isByEntry, error.shape.count == 2, error.shape[0] == error.shape[1] else {
      return nil
    }
    let n = error.shape[0]
    let turned = transposed(path.values, rows: n, columns: n)
    let turnedBounds = transposed(path.bounds, rows: n, columns: n)
    return Signature(
      part: .untransposed(place), label: "(\(path.name)'s path turned - as it should be)",
      values: zip(turned, path.values).map { $0 - $1 },
      bounds: zip(turnedBounds, path.bounds).map { $0 + $1 },
      meanings: [
        Meaning(
          coefficient: 1, id: "untransposed",
          sentence:
            "the contribution of \(path.name) is added to \(error.name) without transposing it")
      ])
  }

  /// Of more than two contributions one alone is left.
  static func allBut(
    _ place: Int, _ path: ParameterError.Path, among names: [String], of error: ParameterError
  ) -> Signature {
    let others = names.filter { $0 != path.name }.joined(separator: ", ")
    return Signature(
      part: .allBut(place), label: "the gradient without \(path.name)'s path",
      values: zip(error.measured, path.values).map { $0 - $1 },
      bounds: zip(error.bounds, path.bounds).map { $0 + $1 },
      meanings: [
        Meaning(
          coefficient: -1, id: "missing-path",
          sentence:
            "of the contributions to \(error.name) only that of \(path.name) is left; missing are those "
            + "of \(others)")
      ])
  }

  /// The whole gradient times a factor that means something, or another.
  /// - Parameter names: of all parameters whose gradients have the same factor; nil for this one alone.
  static func whole(
    _ error: ParameterError, _ scales: LossScales, names: [String]? = nil
  ) -> Signature {
    let names = names ?? [error.name]
    return Signature(
      part: .whole, label: names.count == 1 ? "the gradient" : "the gradients",
      values: error.measured, bounds: error.bounds,
      meanings: scales.meanings(of: names, uses: error.layerPaths.count),
      other: { ("scaled", scales.sentence(scaledBy: 1 + $0, names)) })
  }

  /// A term of the loss that reads the parameter: once, however often it is used.
  static func lossTerm(
    _ path: ParameterError.Path, _ place: Int, of name: String, uses: Int
  ) -> Signature {
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
      part: .lossTerm(place), label: path.name, values: path.values, bounds: path.bounds,
      meanings: meanings,
      other: {
        (
          "regulariser-scaled",
          "the gradient of \(name) holds \(number(1 + $0)) times \(path.name)"
        )
      })
  }

  /// A multiple of the weights themselves, which no term of the loss accounts for that anybody named: the
  /// gradient holds it and the loss does not, or the other way round.
  static func weights(_ weights: [Double], of name: String) -> Signature {
    Signature(
      part: .weights, label: "\(name) itself", values: weights, bounds: weights.map { _ in 0 },
      other: { c in
        if c < 0 {
          return (
            "penalty-forgotten",
            "the loss holds a penalty on \(name), such as \(number(-c / 2)) times the sum of its squares, "
              + "and the gradient leaves it out"
          )
        }
        return (
          "stray-weight-term",
          "the gradient of \(name) holds \(number(c)) x \(name) itself: a decay or regulariser "
            + "that the loss does not have, or has once less"
        )
      })
  }

  /// What one particular mistake would claim, in place of the gradient.
  static func mistake(_ wrong: WrongGradient, of error: ParameterError) -> Signature {
    Signature(
      part: .mistake, label: wrong.label,
      values: zip(error.measured, wrong.values).map { $0 - $1 },
      // Measured with the steps of the whole, part by part.
      bounds: error.bounds.map { 4 * $0 },
      meanings: [Meaning(coefficient: -1, id: wrong.id, sentence: wrong.sentence)])
  }
}
