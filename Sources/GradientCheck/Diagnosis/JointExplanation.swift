/// The simplest explanation of all wrong gradients together: a factor that several of them share is one
/// mistake, and what explains one of them is tried on the others.
struct JointExplanation {
  /// For each error its stories: none if nothing explains it, several if nothing tells them apart.
  private(set) var stories: [[Story]]
  private let errors: [ParameterError]
  private let scales: LossScales

  init(_ errors: [ParameterError], _ scales: LossScales) {
    self.errors = errors
    self.scales = scales
    stories = errors.map { error in
      let found = error.stories(Signature.all(error, scales))
      // Several things at once that can be told in many ways are not known.
      return found.count > 3 && found[0].terms.count > 1 ? [] : found
    }
    shareFactors()
    shareWeightTerms()
    preferWhatOthersTell()
  }

  /// Of several gradients with the same factor all are told as one: what the factor means for every one
  /// of them.
  private mutating func shareFactors() {
    var remaining = Set(errors.indices)
    for c in factors() {
      let members = errors.indices.filter { i in
        remaining.contains(i) && (stories[i].first?.terms.count ?? 2) <= 2
          && SignatureFit.holds(
            errors[i], [(.whole(errors[i], scales), c.multiple, 5 * c.uncertainty)])
          && errors[i].measured.contains { $0 != 0 }
          && !errors[i].paths.contains { $0.isRight == true && $0.values.contains { $0 != 0 } }
      }
      guard members.count > 1 else { continue }
      remaining.subtract(members)
      let names = members.map { errors[$0].name }
      let common =
        members.map { Set(meanings(errors[$0], names, c).map(\.id)) }
        .reduce(nil as Set<String>?) { $0?.intersection($1) ?? $1 } ?? []
      for i in members {
        stories[i] = [
          Story(terms: [
            Story.Term(
              signature: .whole(errors[i], scales, names: names), coefficient: c.multiple,
              uncertainty: c.uncertainty,
              meanings: meanings(errors[i], names, c).filter { common.contains($0.id) })
          ])
        ]
      }
    }
  }

  /// The factors of whole gradients, the best known first.
  private func factors() -> [(multiple: Double, uncertainty: Double)] {
    stories.joined().compactMap { story in
      guard story.terms.count == 1, story.terms[0].signature.part == .whole else { return nil }
      return (story.terms[0].coefficient, story.terms[0].uncertainty)
    }.sorted { $0.uncertainty < $1.uncertainty }
  }

  private func meanings(
    _ error: ParameterError, _ names: [String], _ c: (multiple: Double, uncertainty: Double)
  ) -> [Signature.Meaning] {
    scales.meanings(of: names, uses: error.layerPaths.count).filter {
      abs(c.multiple - $0.coefficient) <= max(5 * c.uncertainty, 1e-6)
    }
  }

  /// A multiple of the weights that one gradient holds is tried on those that nothing explains: of few
  /// numbers any multiple could be made up.
  private mutating func shareWeightTerms() {
    let known = stories.joined().flatMap(\.terms).filter { $0.signature.part == .weights }
    for i in errors.indices where stories[i].isEmpty {
      guard let weights = errors[i].weights, weights.contains(where: { $0 != 0 }) else { continue }
      let signature = Signature.weights(weights, of: errors[i].name)
      for term in known {
        let (c, uncertainty) = (term.coefficient, term.uncertainty)
        guard SignatureFit.holds(errors[i], [(signature, c, 5 * uncertainty)]) else { continue }
        stories[i] = [
          Story(terms: [
            Story.Term(
              signature: signature, coefficient: c, uncertainty: uncertainty, meanings: [])
          ])
        ]
        break
      }
    }
  }

  /// Where several stories fit one error, and one of them is what is told of another, it is that one.
  private mutating func preferWhatOthersTell() {
    // A label names the use, and no parameter.
    func key(_ story: Story) -> [String] { story.terms.flatMap { [$0.signature.label] + $0.ids } }
    let told = Set(stories.filter { $0.count == 1 }.map { key($0[0]) })
    for i in errors.indices where stories[i].count > 1 {
      let shared = stories[i].filter { told.contains(key($0)) }
      if shared.count == 1 { stories[i] = shared }
    }
  }
}
