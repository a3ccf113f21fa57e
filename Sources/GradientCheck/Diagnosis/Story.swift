/// One explanation of the error of one parameter: multiples of signatures that are the error, each with
/// what it means.
struct Story {
  struct Term {
    let signature: Signature
    let coefficient: Double
    let uncertainty: Double
    /// What this coefficient means; empty where it is just a number.
    let meanings: [Signature.Meaning]

    /// Every name it may have.
    var ids: [String] {
      meanings.isEmpty
        ? [signature.other?(coefficient).id].compactMap { $0 }
        : meanings.map(\.id).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    var sentence: String {
      let sentences =
        meanings.isEmpty
        ? [signature.other?(coefficient).sentence].compactMap { $0 } : meanings.map(\.sentence)
      return sentences.map { signature.told(coefficient, $0) }.joined(separator: "; or ")
    }

    func diagnosis(of name: String) -> Diagnosis {
      Diagnosis(
        id: ids.count == 1 ? ids[0] : "ambiguous", parameter: name, coefficient: coefficient,
        coefficientError: uncertainty, explained: true, sentence: sentence,
        alternatives: ids.count == 1 ? nil : ids)
    }
  }

  let terms: [Term]

  var isMeant: Bool { terms.allSatisfy { !$0.meanings.isEmpty || $0.signature.isFree } }
  var sentence: String { terms.map(\.sentence).joined(separator: " and ") }
  var ids: [String] { terms.flatMap(\.ids) }

  /// One story, or several that this point cannot tell apart.
  static func diagnoses(_ stories: [Story], of name: String) -> [Diagnosis] {
    guard stories.count > 1, let first = stories[0].terms.first else {
      return stories.flatMap { $0.terms.map { $0.diagnosis(of: name) } }
    }
    return [
      Diagnosis(
        id: "ambiguous", parameter: name, coefficient: first.coefficient,
        coefficientError: first.uncertainty, explained: true,
        sentence: stories.map(\.sentence).joined(separator: "; or ")
          + ". At this point these cannot be told apart: their signatures are closer than their errors",
        alternatives: stories.flatMap(\.ids))
    ]
  }
}

// MARK: The stories of one error

extension ParameterError {
  /// The explanations with the fewest terms; of those, the ones in which every coefficient means
  /// something, if there are any.
  func stories(_ signatures: [Signature]) -> [Story] {
    for size in 1...3 {
      let stories = Self.combinations(of: size, signatures, paths: layerPaths.count)
        .compactMap(story).filter(agreesWithPaths)
      let meant = stories.filter(\.isMeant)
      // One signature alone may be a stray weight term: any size of it is as good as a meaning, and no
      // better.
      let best = size == 1 ? stories.filter { !$0.terms[0].meanings.isEmpty } : meant
      if !best.isEmpty { return best }
      if !stories.isEmpty { return stories }
    }
    return []
  }

  /// The signatures that make sense together: several paths, or one thing and a multiple of the weights.
  private static func combinations(
    of size: Int, _ signatures: [Signature], paths: Int
  ) -> [[Signature]] {
    guard size > 1 else { return signatures.map { [$0] } }
    let free = signatures.filter(\.isFree)
    let bound = signatures.filter { !$0.isFree }
    var pairs: [[Signature]] = []
    for (i, first) in bound.enumerated() {
      for second in bound.dropFirst(i + 1) where first.goesWith(second) {
        pairs.append([first, second])
      }
    }
    guard size > 2 else {
      return pairs + bound.flatMap { one in free.map { [one, $0] } }
    }
    // Of many uses three are too many combinations, and any of them may fit by chance.
    let byPath = bound.filter { if case .path = $0.part { true } else { false } }
    var triples = pairs.flatMap { pair in free.map { pair + [$0] } }
    guard paths <= 5 else { return triples }
    for i in byPath.indices {
      for j in byPath.indices where j > i {
        for k in byPath.indices where k > j {
          triples.append([byPath[i], byPath[j], byPath[k]])
        }
      }
    }
    return triples
  }

  /// These signatures as an explanation, if they are the error and each coefficient is known well enough
  /// to be said.
  private func story(_ signatures: [Signature]) -> Story? {
    guard signatures.count == 1 || decided.count >= 4, let fit = SignatureFit(self, signatures)
    else { return nil }
    var terms: [Story.Term] = []
    for (signature, (c, uncertainty)) in zip(signatures, zip(fit.coefficients, fit.errors)) {
      guard let term = term(signature, c, uncertainty, beside: signatures) else { return nil }
      terms.append(term)
    }
    for (i, first) in signatures.enumerated() {
      for (j, second) in signatures.enumerated() where first.scales(second) {
        let uncertainty = 5 * (fit.errors[i] + fit.errors[j])
        let expected = 1 + fit.coefficients[i]
        guard abs(fit.coefficients[j] - expected) <= max(uncertainty, 1e-6) else { return nil }
      }
    }
    // A coefficient without a meaning is a parameter that was spent: there must be enough numbers.
    let spent = terms.count { $0.meanings.isEmpty }
    guard signatures.count == 1 || decided.count >= 3 * spent else { return nil }
    // A meaning is claimed exactly: with its own coefficient it must hold.
    let exact = terms.map { term in
      (
        signature: term.signature, multiple: term.meanings.first?.coefficient ?? term.coefficient,
        uncertainty: term.meanings.isEmpty ? 5 * term.uncertainty : 0
      )
    }
    return isDependent(signatures) || SignatureFit.holds(self, exact)
      ? Story(terms: terms) : nil
  }

  private func term(
    _ signature: Signature, _ c: Double, _ uncertainty: Double, beside signatures: [Signature]
  ) -> Story.Term? {
    // What is added without transposing it, and has a factor besides, is turned with that factor.
    var expected = signature.meanings
    if case .untransposed = signature.part, isDependent(signatures) {
      expected = expected.map { .init(coefficient: c, id: $0.id, sentence: $0.sentence) }
    }
    let sharp = isByEntry ? 0.05 : decided.count > 3 ? 0.01 : 1e-3
    let near = expected.filter {
      uncertainty < sharp && abs(c - $0.coefficient) <= max(5 * uncertainty, 1e-3)
        && (signatures.count > 1 || SignatureFit.holds(self, [(signature, $0.coefficient, 0)]))
    }
    if !near.isEmpty {
      return Story.Term(
        signature: signature, coefficient: c, uncertainty: uncertainty, meanings: near)
    }
    let told = decided.count { i in
      abs(c * signature.values[i]) > 10 * (bounds[i] + abs(c) * signature.bounds[i])
    }
    guard signature.other != nil, told >= 4, uncertainty < 0.01 * abs(c) else { return nil }
    return Story.Term(
      signature: signature, coefficient: c, uncertainty: uncertainty, meanings: [])
  }

  /// Whether a turned path and a factor that it shares stand together.
  private func isDependent(_ signatures: [Signature]) -> Bool {
    signatures.contains { first in signatures.contains { first.scales($0) } }
  }

  /// The table of paths in the same report must not say otherwise: a use whose claim is what was measured
  /// is not to blame.
  private func agreesWithPaths(_ story: Story) -> Bool {
    let right = layerPaths.filter { $0.path.isRight == true && $0.path.values.contains { $0 != 0 } }
    return story.terms.allSatisfy { term in
      switch term.signature.part {
      case .path(let place), .untransposed(let place): !right.contains { $0.place == place }
      case .allBut(let place): right.allSatisfy { $0.place == place }
      case .whole: right.isEmpty
      case .lossTerm, .weights, .mistake: true
      }
    }
  }
}

extension Signature {
  /// Whether two may be wrong at once: two uses, in whatever way, or everything by a factor and one use
  /// turned besides.
  fileprivate func goesWith(_ other: Signature) -> Bool {
    switch (part, other.part) {
    case (.path, .path), (.path, .untransposed), (.untransposed, .path),
      (.untransposed, .untransposed), (.untransposed, .whole), (.whole, .untransposed):
      true
    default: false
    }
  }

  /// Whether this one's factor also stands before what the other one turns.
  fileprivate func scales(_ other: Signature) -> Bool {
    switch (part, other.part) {
    case (.whole, .untransposed): true
    case (.path(let i), .untransposed(let j)): i == j
    default: false
    }
  }
}
