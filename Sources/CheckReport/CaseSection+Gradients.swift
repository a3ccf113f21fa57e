import GradientCheck

/// The gradient of each parameter, and whether it is the gradient of anything.
extension CaseSection {
  static func gradients(_ result: CaseResult) -> [String] {
    let parameters = result.gradient.parameters
    let columns: [Markdown.Column] = [
      .words("Parameter"), .words("Shape"), .words("Verdict"),
      .words(result.gradient.mode.directions > 0 ? "Directions" : "Entries"),
      .number("Max relative error"), .number("rms"), .number("Sensitivity"), .words("Notes"),
    ]
    var paragraphs = [
      "### Gradient of each parameter",
      Markdown.table(
        columns,
        parameters.map { tensor in
          [
            Markdown.code(tensor.name), NumberText.shape(tensor.shape),
            emphasized(tensor.verdict), CaseSentences.counts(tensor.counts),
            NumberText.error(tensor.maxRelativeError), NumberText.value(tensor.rms),
            NumberText.error(tensor.sensitivity), notes(tensor),
          ]
        }),
    ]
    let worst = parameters.flatMap { tensor in
      // Where all is well, one entry is enough.
      tensor.worst.enumerated().filter { i, entry in
        i == 0 || entry.verdict != .pass || entry.reason != nil
      }.map { (tensor: tensor, entry: $0.element) }
    }
    guard !worst.isEmpty else { return paragraphs }
    paragraphs += [
      "The worst entries, judged by how much of the accepted difference they use up; where all entries "
        + "of a parameter passed, only the first:",
      Markdown.table(
        [
          .words("Entry"), .number("Claimed"), .number("Measured"), .number("Difference"),
          .number("Bound E"), .number("Step h"), .words("Verdict"), .words("Reason"),
        ],
        worst.map { tensor, entry in
          [
            Markdown.code(tensor.name + NumberText.index(entry.index)),
            NumberText.value(entry.analytic), NumberText.value(entry.numeric),
            NumberText.error(entry.difference), NumberText.error(entry.bound),
            NumberText.error(entry.step), emphasized(entry.verdict),
            reason(entry),
          ]
        }),
    ]
    return paragraphs
  }

  static func reason(_ entry: EntryResult) -> String {
    var parts = entry.reason.map { [$0] } ?? []
    if let kink = entry.kink {
      parts.append(
        "a corner at a distance of \(NumberText.error(kink.offset)), where the slope jumps by "
          + NumberText.error(kink.jump))
    }
    return parts.isEmpty ? "-" : Markdown.text(parts.joined(separator: "; "))
  }

  static func notes(_ tensor: TensorResult) -> String {
    var notes: [String] = []
    if let reason = tensor.reason { notes.append(reason) }
    if tensor.unused > 0 { notes.append("\(tensor.unused) unused here\(wholeLines(tensor))") }
    if let directions = tensor.directions {
      notes.append(
        "checked along \(NumberText.count(directions.count, "random direction")), in which a "
          + "difference of more than \(NumberText.error(directions.threshold)) fails")
      for range in directions.unresolved {
        notes.append("wrong between positions \(range.map(String.init).joined(separator: " and "))")
      }
    }
    if tensor.differingMeasurably > 0 {
      notes.append(
        "\(NumberText.count(tensor.differingMeasurably, "entry differs", "entries differ")) "
          + "measurably, within the tolerance")
    }
    return notes.isEmpty ? "-" : Markdown.text(notes.joined(separator: "; "))
  }

  static func symmetry(_ result: CaseResult) -> [String] {
    guard let symmetry = result.symmetry else { return [] }
    return [
      "### Symmetry of second derivatives",
      "The claimed gradient is the gradient of some function only if, for all directions u and v, its "
        + "change along v seen in u is its change along u seen in v. This never looks at the loss. "
        + "Verdict: \(emphasized(symmetry.verdict)).",
      Markdown.table(
        [.number("u·Hv"), .number("v·Hu"), .number("Difference"), .number("Bound")],
        symmetry.pairs.map { pair in
          [
            NumberText.value(pair.uHv), NumberText.value(pair.vHu),
            NumberText.error(abs(pair.uHv - pair.vHu)), NumberText.error(pair.bound),
          ]
        }),
    ]
  }
}
