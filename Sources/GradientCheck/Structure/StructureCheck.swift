import GSLKit
import TiedLayers

/// Asks what no derivative can tell: whether a shared parameter is counted once, is still shared
/// after saving and loading and after a conversion, whether every parameter is read by the layer that
/// registers it, whether each layer that states a formula computes it, and whether the gradients of
/// single samples add up to the gradient of the batch.
///
/// The differences are named the way residuals are: by comparing them with what known mistakes would
/// have left.
package struct StructureCheck {
  package var options: CheckOptions

  package init(_ options: CheckOptions = CheckOptions()) { self.options = options }

  /// - Parameter handling: how the model is summarized, saved, converted.
  package func check(
    _ objective: ChainObjective<Double>, _ handling: ModelHandling = .right
  ) throws -> StructureResult {
    let chain = objective.network.chain
    var questions = [
      try counted(objective, handling),
      try forward(objective),
      try read(objective),
    ].compactMap { $0 }
    if chain.layers.allSatisfy({ $0 is any SavedLayer<Double> }) {
      questions.append(try reloaded(objective, handling))
      questions.append(try converted(objective, handling))
    }
    questions.append(try samples(objective, handling))
    let transposes = try adjoint(objective)
    questions += [
      transposes, try jacobianSymmetry(objective, id: transposes?.id), try lookups(objective),
      try towers(objective),
    ].compactMap { $0 }
    return StructureResult(questions: questions)
  }

  // MARK: Counting

  private func counted(
    _ objective: ChainObjective<Double>, _ handling: ModelHandling
  ) throws -> StructureResult.Question {
    let summary = try handling.summarize(objective.network.chain, objective.input)
    let distinct = objective.network.chain.parameters.reduce(0) { $0 + $1.count }
    let question = "Does the summary count every parameter once?"
    if summary.totalParameters == distinct {
      return .passed(question, "\(distinct) numbers, and as many in the summary")
    }
    let isSum = summary.totalParameters == summary.sumOverLayers
    return .failed(
      question, id: isSum ? "counted-twice" : nil,
      "the summary counts \(summary.totalParameters) parameters, and there are \(distinct)"
        + (isSum
          ? ": it adds up the layers, and what two of them share is counted in both" : ""))
  }

  // MARK: Forward

  /// A second, plain computation of what layers state that they compute; nil where none states it, and
  /// there is nothing to ask.
  private func forward(_ objective: ChainObjective<Double>) throws -> StructureResult.Question? {
    let question = "Does each layer that states a formula, such as x K + b, compute it?"
    let chain = objective.network.chain
    let inputs = try chain.inputs(objective.input)
    var wrong: [(id: String?, sentence: String)] = []
    var looked: [String] = []
    for (layer, input) in zip(chain.layers, inputs) {
      guard let plain = PlainProduct(layer) else { continue }
      looked.append(layer.name)
      if let found = plain.difference(from: try layer.beforeActivation(input), at: input) {
        wrong.append((found.id, "\(layer.name) \(found.sentence)"))
      }
    }
    guard !looked.isEmpty else { return nil }
    guard let first = wrong.first else {
      return .passed(
        question,
        "computed again: \(looked.joined(separator: ", ")); \(looked.count) of "
          + "\(chain.layers.count) layers state one")
    }
    return .failed(question, id: first.id, wrong.map(\.sentence).joined(separator: "; "))
  }

  // MARK: Reading

  /// A parameter is read if its layer's output changes when it does.
  private func read(_ objective: ChainObjective<Double>) throws -> StructureResult.Question {
    let question = "Does every layer read the parameters that it registers?"
    let parameters = objective.parameters
    let users = Dictionary(grouping: objective.uses, by: \.parameter)
    var (phantoms, unreached): ([String], [String]) = ([], [])
    // What several layers hold the tie check has looked at.
    for use in objective.uses where users[use.parameter]!.count == 1 {
      if options.progress?.isCancelled ?? false {
        unreached.append("what comes after the interruption")
        break
      }
      switch try TieCheck(options).follows(objective, use).verdict {
      case .fail:
        phantoms.append(
          "\(use.name) registers \(parameters[use.parameter]) and never reads it")
      case .pass: break
      default: unreached.append("\(parameters[use.parameter].name) in \(use.name)")
      }
    }
    guard !phantoms.isEmpty else {
      return .passed(
        question,
        unreached.isEmpty
          ? "all of them are"
          : "all that this batch reaches; not asked: \(unreached.joined(separator: ", "))")
    }
    return .failed(
      question, id: "phantom-kernel",
      phantoms.joined(separator: "; ") + ": it has no gradient, is saved, counted, and decays")
  }

  // MARK: Saving and converting

  private func reloaded(
    _ objective: ChainObjective<Double>, _ handling: ModelHandling
  ) throws -> StructureResult.Question {
    let question = "Is the model the same, and tied alike, after saving and loading?"
    let network = objective.network
    guard network.penalty == nil else { return .passed(question, "not asked: the loss has a term") }
    let file = ModelFile(network: network, input: objective.input, target: objective.target)
    let loaded: ModelFile<Double>
    do {
      loaded = try handling.reload(file)
    } catch let error as ModelFileError {
      return .failed(question, id: nil, "it cannot be saved and loaded: \(error)")
    }
    let (before, after) = (network.chain, loaded.network.chain)
    let isSame = before.useValues == after.useValues
    let counts = "\(before.parameters.count) parameters became \(after.parameters.count)"
    switch (before.bindings == after.bindings, isSame) {
    case (true, true): return .passed(question, "\(before.parameters.count) parameters, as before")
    case (true, false): return .failed(question, id: nil, "values have changed")
    case (false, true):
      return .failed(
        question, id: "reloaded-apart",
        "loading makes one parameter of each use: \(counts). The values are right, and the first "
          + "update moves them apart")
    case (false, false):
      return .failed(
        question, id: "saved-once-lost",
        "what is shared was saved under one name, and loading gave the other use new values: "
          + counts)
    }
  }

  private func converted(
    _ objective: ChainObjective<Double>, _ handling: ModelHandling
  ) throws -> StructureResult.Question {
    let question = "Is it still tied in another precision?"
    let before = objective.network.chain
    let after = try handling.convert(before)
    let rounded: [[Float]] = before.useValues.map { $0.map { Float($0) } }
    let isSame = rounded == after.useValues
    guard before.bindings != after.bindings || !isSame else {
      return .passed(question, "\(after.parameters.count) parameters, as before")
    }
    return .failed(
      question, id: isSame ? "moved-apart" : nil,
      "\(before.parameters.count) parameters became \(after.parameters.count)"
        + (isSame ? ": each layer was converted by itself" : ", with other values"))
  }

  // MARK: Samples

  private func samples(
    _ objective: ChainObjective<Double>, _ handling: ModelHandling
  ) throws -> StructureResult.Question {
    let question = "Do the gradients of the single samples add up to that of the batch?"
    let parameters = objective.typedParameters
    let bySample = try handling.sampleGradients(objective)
    let network = Network(objective.network.chain, loss: objective.network.loss)
    let whole = try network.gradients(objective.input, target: objective.target)
    let uses = Dictionary(grouping: objective.uses.filter { !$0.isLossTerm }, by: \.parameter)
    let parts = SampleParts(objective)
    for (p, parameter) in parameters.enumerated() {
      let shares = bySample.compactMap { $0[parameter]?.elements }
      let expected = whole[parameter] == nil ? 0 : objective.input.rows
      // A sample that does not reach a parameter may contribute nothing to it.
      guard shares.count <= expected else {
        let stacked = uses[p, default: []].count * objective.input.rows
        return .failed(
          question,
          id: shares.count == stacked && stacked > expected ? "per-sample-stacked" : nil,
          parameter: parameter.name,
          "\(parameter.name) has \(shares.count) gradients for \(expected) samples"
            + (shares.count == stacked
              ? ": what its \(uses[p]!.count) uses contribute is stacked, not added" : ""))
      }
      guard expected > 0, let total = whole[parameter]?.elements else { continue }
      let scale = rootMeanSquare(shares.flatMap { $0 })
      let rounding = 1e-12 * Double(expected)
      let differing = total.indices.first { i in
        let difference = abs(shares.reduce(0) { $0 + $1[i] } - total[i])
        return !(difference <= max(rounding, options.rtol) * max(scale, abs(total[i])))
          && !(difference <= rounding * parts.size(p, i))
      }
      if differing != nil {
        return .failed(
          question, id: nil, parameter: parameter.name,
          "\(parameter.name) has \(shares.count) gradients for \(expected) samples, and they do not add "
            + "up to that of the batch")
      }
    }
    return .passed(question, "\(objective.input.rows) samples, and they do")
  }
}

/// What the structure check found.
package struct StructureResult: Codable, Sendable {
  /// One question and its answer.
  package struct Question: Codable, Sendable {
    package let question: String
    package let verdict: Verdict
    /// The name of the mistake that would explain the answer, if there is one.
    package let id: String?
    package let parameter: String
    package let answer: String

    static func passed(_ question: String, _ answer: String) -> Question {
      Question(question: question, verdict: .pass, id: nil, parameter: "", answer: answer)
    }

    static func failed(
      _ question: String, id: String?, parameter: String = "", _ answer: String
    ) -> Question {
      Question(question: question, verdict: .fail, id: id, parameter: parameter, answer: answer)
    }
  }

  package let verdict: Verdict
  package let questions: [Question]

  init(questions: [Question]) {
    verdict = Verdict.overall(questions.map(\.verdict))
    self.questions = questions
  }

  /// The failing answers by name.
  package var diagnoses: [Diagnosis] {
    questions.filter { $0.verdict == .fail }.map { question in
      Diagnosis(
        id: question.id ?? "unexplained", parameter: question.parameter, coefficient: 0,
        coefficientError: 0, explained: question.id != nil, sentence: question.answer)
    }
  }
}

extension Chain {
  /// For each layer the places of its kernels' and biases' Parameters, in order of first use: equal
  /// for chains that are tied alike.
  fileprivate var bindings: [[Int]] {
    let place = Dictionary(
      uniqueKeysWithValues: parameters.enumerated().map { (ObjectIdentifier($1), $0) })
    return layers.map { layer in
      (layer.kernels.map(\.parameter) + layer.biases).map { place[ObjectIdentifier($0)]! }
    }
  }

  /// The values of every use, in its own orientation.
  fileprivate var useValues: [[S]] {
    layers.flatMap { layer in
      layer.kernels.map { kernel in
        (kernel.isTransposed ? kernel.parameter.values.transposed : kernel.parameter.values)
          .elements
      } + layer.biases.map(\.values.elements)
    }
  }
}
