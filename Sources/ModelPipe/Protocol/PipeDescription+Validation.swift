import GradientCheck

extension PipeDescription {
  /// The parameters, if everything in the description fits together.
  /// - Throws: `PipeError.malformed`.
  func validated() throws -> [PipeParameter] {
    guard !parameters.isEmpty else { throw wrong("there are no parameters") }
    try requirePrintableWords()
    let model = try precision(precision, of: "the model")
    var names: Set<String> = []
    let validated = try parameters.map { parameter in
      guard !parameter.name.isEmpty, names.insert(parameter.name).inserted else {
        throw wrong(
          "a parameter's name is \"\(parameter.name)\"; expected each to have one of its own")
      }
      return try self.parameter(parameter, model)
    }
    try requireUses(validated)
    if let batch, batch < 1 { throw wrong("the batch is \(batch); expected at least 1") }
    if let claimsByUse, claimsByUse != "apart" {
      throw wrong("\"claims_by_use\" is \"\(claimsByUse)\"; expected \"apart\"")
    }
    try requireOptimizers(names)
    return validated
  }

  private func wrong(_ what: String) -> PipeError { .malformed("describe", what) }

  private func precision(_ word: String?, of what: String) throws -> PipePrecision {
    guard let precision = PipePrecision(rawValue: word ?? "double") else {
      throw wrong("the precision of \(what) is \"\(word!)\"; expected \(PipePrecision.words)")
    }
    return precision
  }

  // MARK: Parameters

  /// Arrays of more dimensions than that are made by no library.
  private static let mostDimensions = 64

  private func parameter(_ parameter: ParameterDescription, _ model: PipePrecision) throws
    -> PipeParameter
  {
    let name = parameter.name
    guard parameter.shape.count <= Self.mostDimensions else {
      throw wrong(
        "\(name) has \(parameter.shape.count) dimensions; expected at most \(Self.mostDimensions)")
    }
    guard parameter.shape.allSatisfy({ $0 > 0 }) else {
      throw wrong("\(name) has the shape \(parameter.shape); expected numbers of at least 1")
    }
    let shape = parameter.shape.isEmpty ? [1] : parameter.shape
    let (count, overflow) = shape.reduce((1, false)) { product, n in
      let (next, overflow) = product.0.multipliedReportingOverflow(by: n)
      return (next, product.1 || overflow)
    }
    guard !overflow, parameter.values.count == count else {
      throw wrong(
        "\(name) has \(parameter.values.count) values; its shape \(shape) asks for "
          + (overflow ? "more than can be counted" : "\(count)"))
    }
    let precision = try parameter.precision.map { try self.precision($0, of: name) } ?? model
    guard parameter.values.allSatisfy({ precision.rounded($0).isFinite }) else {
      throw wrong("\(name) holds values that are not finite numbers")
    }
    try requirePlaces(
      parameter.untrainedEntries, rows: parameter.untrainedRows, shape: shape, count: count,
      of: name)
    return PipeParameter(name, shape: shape, precision: precision, values: parameter.values)
  }

  private func requirePlaces(
    _ entries: [Int]?, rows: [Int]?, shape: [Int], count: Int, of name: String
  ) throws {
    if let entry = entries?.first(where: { !(0..<count).contains($0) }) {
      throw wrong("\"untrained_entries\" of \(name) holds \(entry); it has \(count) entries")
    }
    if let row = rows?.first(where: { !(0..<shape[0]).contains($0) }) {
      throw wrong("\"untrained_rows\" of \(name) holds \(row); it has \(shape[0]) rows")
    }
  }

  // MARK: Uses

  private func requireUses(_ parameters: [PipeParameter]) throws {
    for use in uses ?? [] {
      guard parameters.indices.contains(use.parameter) else {
        throw wrong(
          "\(use.layer) uses parameter \(use.parameter), and they are numbered from 0 to "
            + "\(parameters.count - 1)")
      }
      let parameter = parameters[use.parameter]
      if use.transposed == true, parameter.shape.count != 2 {
        throw wrong(
          "\(use.layer) uses \(parameter.name) transposed, which has the shape \(parameter.shape)")
      }
      if use.intended == true, !can.contains("gradient_by_use") || !can.contains("use") {
        throw wrong(
          "the use of \(parameter.name) by \(use.layer) is \"intended\", which needs \"use\" and "
            + "\"gradient_by_use\" in \"can\"")
      }
      guard use.untrainedEntries != nil || use.untrainedRows != nil else { continue }
      guard can.contains("use") else {
        throw wrong(
          "\(use.layer) does not train some entries of \(parameter.name), which needs \"use\" in "
            + "\"can\"")
      }
      try requirePlaces(
        use.untrainedEntries, rows: use.untrainedRows, shape: parameter.shape,
        count: parameter.count, of: "\(parameter.name) in \(use.layer)")
    }
  }

  // MARK: Words

  /// Names longer than that are no names.
  private static let longestWord = 1000

  /// A program's words reach the terminal: what would move its cursor or turn a line around is refused.
  /// Whole sentences are shown harmless instead, see `oneLine`.
  private func requirePrintableWords() throws {
    var words = [name, loss].compactMap { $0 } + parameters.map(\.name)
    words += (ties ?? []).joined()
    for use in uses ?? [] { words += [use.layer, use.slot ?? ""] }
    for layer in layers ?? [] { words += [layer.name, layer.type ?? ""] }
    // These may name tensors that are no parameters of the model, which may be what is wrong.
    for remark in remarks ?? [] { words += [remark.about] + (remark.parameters ?? []) }
    for fault in faults ?? [] { words += [fault.id] + (fault.parameters ?? []) }
    for optimizer in optimizers ?? [] {
      words += [optimizer.name, optimizer.rule] + (optimizer.frozen ?? [])
    }
    for word in words {
      if plain(word, .max) != word {
        throw wrong("\"\(excerpt(word.utf8))\" holds characters that are no text")
      }
      if word.unicodeScalars.count > Self.longestWord {
        throw wrong(
          "\"\(excerpt(word.utf8))\" has \(word.unicodeScalars.count) characters; expected at most "
            + "\(Self.longestWord)")
      }
    }
  }

  private func requireKnown(_ given: [String], in what: String, _ names: Set<String>) throws {
    guard let ghost = given.first(where: { !names.contains($0) }) else { return }
    throw wrong(
      "\(what) names the parameter \"\(excerpt(ghost.utf8))\", and the program has none of that name"
    )
  }

  // MARK: Optimizers

  private func requireOptimizers(_ parameters: Set<String>) throws {
    var names: Set<String> = []
    for optimizer in optimizers ?? [] {
      guard names.insert(optimizer.name).inserted else {
        throw wrong(
          "two optimizers are called \"\(optimizer.name)\"; expected each to have a name of its own"
        )
      }
      let what = "the optimizer \(optimizer.name)"
      try requireKnown(optimizer.frozen ?? [], in: what, parameters)
      try requireKnown(optimizer.holds ?? [], in: what, parameters)
      var grouped: Set<String> = []
      for group in optimizer.groups ?? [] {
        try requireKnown(group.parameters, in: what, parameters)
        if let twice = group.parameters.first(where: { !grouped.insert($0).inserted }) {
          throw wrong("\(what) has \(twice) in two groups")
        }
      }
      if let foreign = optimizer.foreign, foreign < 0 {
        throw wrong("\(what) holds \(foreign) foreign tensors; expected at least 0")
      }
      do {
        try optimizer.requireRates()
      } catch let error as UnlikelyRate {
        throw wrong("\(what) \(error.what)")
      }
    }
  }
}

/// What is wrong with the numbers of an optimizer.
private struct UnlikelyRate: Error { let what: String }

extension PipeDescription.OptimizerDescription {
  /// Nonsense here would become a verdict on the training.
  fileprivate func requireRates() throws {
    try rates.require()
    for group in groups ?? [] { try group.rates.require() }
    let needsRate = ["sgd", "rmsprop", "adam", "adamw"].contains(rule) && notCompared == nil
    if needsRate, rates.learningRate == nil {
      throw UnlikelyRate(what: "has no \"learning_rate\"")
    }
    if let precision, !["double", "float"].contains(precision) {
      throw UnlikelyRate(what: "has the precision \"\(precision)\"; expected double or float")
    }
    for (key, size) in [("norm", clip?.norm), ("value", clip?.value)] {
      if let size, !(size.isFinite && size > 0) {
        throw UnlikelyRate(what: "clips to the \(key) \(size); expected a number above 0")
      }
    }
  }
}

extension PipeDescription.OptimizerDescription.Rates {
  fileprivate func require() throws {
    func require(
      _ key: String, _ rate: Double?, _ holds: (Double) -> Bool, _ expected: String
    ) throws {
      guard let rate, !(rate.isFinite && holds(rate)) else { return }
      throw UnlikelyRate(what: "has the \(key) \(rate); expected \(expected)")
    }
    for (key, rate) in [
      ("learning_rate", learningRate), ("weight_decay", weightDecay), ("stabilizer", stabilizer),
    ] {
      try require(key, rate, { $0 >= 0 }, "a finite number of at least 0")
    }
    for (key, rate) in [("momentum", momentum), ("smoothing", smoothing)] {
      try require(key, rate, { 0...1 ~= $0 }, "a number from 0 to 1")
    }
    // The means of Adam are divided by 1 - beta^t.
    for (key, rate) in [("beta1", beta1), ("beta2", beta2)] {
      try require(key, rate, { 0..<1 ~= $0 }, "a number of at least 0 and below 1")
    }
    if let stabilizerPlace, UpdateReference.StabilizerPlace(rawValue: stabilizerPlace) == nil {
      throw UnlikelyRate(
        what:
          "has the stabilizer_place \"\(stabilizerPlace)\"; expected root, inside or uncorrected")
    }
  }
}
