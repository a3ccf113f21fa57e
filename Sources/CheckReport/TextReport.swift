import GradientCheck

/// The report for the terminal.
package enum TextReport {
  /// Verdict, findings, gradients, ties and updates of each case.
  /// - Parameter color: whether verdicts are coloured with ANSI escape sequences.
  package static func text(for record: CheckRecord, color: Bool) -> String {
    let record = record.harmlessCopy
    let paint = Paint(isOn: color)
    var blocks = record.cases.map { lines(for: $0, paint).joined(separator: "\n") }
    blocks += (record.broken ?? []).map { broken in
      ([paint.verdict(.fail, "FAIL") + "  \(broken.name)"] + wrapped(broken.sentence, indent: 2))
        .joined(separator: "\n")
    }
    if blocks.count != 1 {
      blocks.append(
        paint.verdict(record.verdict, record.verdict.rawValue.uppercased()) + "  "
          + CaseSentences.summary(record))
    }
    return blocks.joined(separator: "\n\n") + "\n"
  }

  private static func lines(for result: CaseResult, _ paint: Paint) -> [String] {
    var lines = [
      paint.verdict(color(result), CaseSentences.verdict(result).uppercased()) + "  \(result.name)"
    ]
    let findings = CaseSentences.findings(result)
    for sentence in findings.isEmpty ? [CaseSentences.summary(result)] : findings {
      lines += wrapped(sentence, indent: 2)
    }
    let lessons = CaseSentences.lessons(result)
    if !lessons.isEmpty {
      let names = NumberText.list(lessons.map { "'\($0)'" })
      lines += wrapped("For the lesson and the remedy see \(names).", indent: 2)
    }
    lines += [""] + wrapped(conditions(result), indent: 2)
    lines += wrapped(CaseSentences.sensitivity(result.gradient), indent: 2)
    if !result.vacuous.isEmpty {
      lines += wrapped("This point cannot tell: \(untold(result.vacuous)).", indent: 2)
    }
    if let symmetry = result.symmetry {
      lines.append("  Symmetry of second derivatives: " + paint.verdict(symmetry.verdict))
    }
    for remark in result.remarks ?? [] {
      lines += wrapped("Remark: \(CaseSentences.asSentence(remark.sentence))", indent: 2)
    }
    for sentence in result.notAsked ?? [] {
      lines += wrapped("Not asked: \(sentence).", indent: 2)
    }
    lines.append("")
    lines += gradients(result, paint)
    lines += ties(result, paint)
    lines += updates(result, paint)
    return lines
  }

  /// "W: gradient counted twice; paths averaged, not added. b: gradient scaled": each parameter named
  /// once. What is of no parameter stands alone.
  private static func untold(_ hypotheses: [Power.Hypothesis]) -> String {
    var groups: [(parameter: String, hypotheses: [String])] = []
    for next in hypotheses {
      if let i = groups.firstIndex(where: { $0.parameter == next.parameter }) {
        groups[i].hypotheses.append(next.hypothesis)
      } else {
        groups.append((next.parameter, [next.hypothesis]))
      }
    }
    return groups.map { parameter, hypotheses in
      (parameter.isEmpty ? "" : "\(parameter): ") + hypotheses.joined(separator: "; ")
    }.joined(separator: ". ")
  }

  /// A case that ended as expected is well, whatever its verdict; a fault that was not found is not.
  private static func color(_ result: CaseResult) -> Verdict {
    if result.isAsExpected { return .pass }
    return result.expected == .fail ? .fail : result.verdict
  }

  private static func conditions(_ result: CaseResult) -> String {
    "Loss \(result.loss.name) \(NumberText.value(result.loss.value)), noise "
      + "\(NumberText.error(result.loss.noise)); \(result.gradient.estimator.rawValue), rtol "
      + "\(NumberText.error(result.gradient.rtol)), \(result.gradient.evaluations) evaluations."
  }

  private static func gradients(_ result: CaseResult, _ paint: Paint) -> [String] {
    let parameters = result.gradient.parameters
    var table = TextTable([
      ("Gradient", .left), ("Shape", .left), ("Verdict", .left),
      (result.gradient.mode.directions > 0 ? "Directions" : "Entries", .left),
      ("Max rel. error", .right), ("rms", .right), ("Sensitivity", .right),
    ])
    table.rows = parameters.map { tensor in
      [
        tensor.name, NumberText.shape(tensor.shape), tensor.verdict.rawValue, counts(tensor),
        NumberText.error(tensor.maxRelativeError), NumberText.value(tensor.rms),
        NumberText.error(tensor.sensitivity),
      ]
    }
    var lines = painted(table.lines(indent: 2), parameters.map(\.verdict), paint)
    let worst = parameters.filter { $0.verdict != .pass }.flatMap { tensor in
      tensor.worst.filter { $0.verdict != .pass }.map { (tensor: tensor, entry: $0) }
    }
    guard !worst.isEmpty else { return lines }
    var entries = TextTable([
      ("Worst entries", .left), ("Claimed", .right), ("Measured", .right), ("Bound", .right),
      ("Step", .right), ("Verdict", .left), ("Reason", .left),
    ])
    entries.rows = worst.map { tensor, entry in
      [
        tensor.name + NumberText.index(entry.index), NumberText.value(entry.analytic),
        NumberText.value(entry.numeric), NumberText.error(entry.bound),
        NumberText.error(entry.step), entry.verdict.rawValue, entry.reason ?? "",
      ]
    }
    lines += [""] + painted(entries.lines(indent: 2), worst.map(\.entry.verdict), paint)
    return lines
  }

  private static func counts(_ tensor: TensorResult) -> String {
    CaseSentences.counts(tensor.counts) + (tensor.unused > 0 ? " (\(tensor.unused) unused)" : "")
  }

  private static func ties(_ result: CaseResult, _ paint: Paint) -> [String] {
    let groups = result.tie.groups
    guard !groups.isEmpty else {
      return result.sharesNothing ? ["", "  No parameter is shared."] : []
    }
    var table = TextTable([
      ("Shared", .left), ("Through", .left), ("Verdict", .left), ("Norm", .right),
      ("Claimed norm", .right), ("Share", .right),
    ])
    var verdicts: [Verdict] = []
    for group in groups {
      for (use, path) in zip(group.uses, group.paths) {
        table.rows.append([
          group.parameter, use.name + (use.transposed ? " (transposed)" : ""),
          path.verdict.rawValue, NumberText.value(path.norm), NumberText.value(path.claimedNorm),
          group.verdict == .vacuous ? "-" : NumberText.value(path.share),
        ])
        verdicts.append(path.verdict)
      }
    }
    var lines = [""] + painted(table.lines(indent: 2), verdicts, paint)
    for group in groups {
      let untold = group.follows.filter { $0.verdict == .vacuous }
      let follows = Verdict.overall(
        group.follows.map(\.verdict).filter { $0 != .vacuous })
      lines.append(
        "  \(group.parameter): sum of paths \(paint.verdict(group.sumRule.verdict)), same parameter "
          + "\(group.identity.map { paint.verdict($0.verdict) } ?? "not asked"), every layer follows it "
          + paint.verdict(follows))
      for follows in untold {
        lines += wrapped("Not told: \(follows.name): \(follows.reason ?? "").", indent: 2)
      }
    }
    return lines
  }

  private static func updates(_ result: CaseResult, _ paint: Paint) -> [String] {
    let optimizers = result.updates.optimizers
    guard !optimizers.isEmpty else { return [] }
    var table = TextTable([
      ("Update", .left), ("Steps", .right), ("Verdict", .left), ("Max difference", .right),
      ("States", .left), ("Slope", .right), ("<G, step>", .right),
    ])
    table.rows = optimizers.map { optimizer in
      [
        optimizer.name, String(optimizer.steps), optimizer.verdict.rawValue,
        NumberText.error(optimizer.maxDifference),
        "\(optimizer.stateSlots.map(String.init) ?? "?") of \(optimizer.expectedStateSlots)",
        NumberText.value(optimizer.slope.numeric), NumberText.value(optimizer.slope.analytic),
      ]
    }
    let fixed = (result.updates.fixed ?? []).flatMap { fixed in
      wrapped(CaseSentences.sentence(fixed), indent: 2)
    }
    return [""] + painted(table.lines(indent: 2), optimizers.map(\.verdict), paint) + fixed
  }

  /// Lines of at most 96 characters where the words allow, all but the first set in further.
  static func wrapped(_ sentence: String, indent: Int) -> [String] {
    var lines: [String] = []
    var line = String(repeating: " ", count: indent)
    var isEmpty = true
    for word in sentence.split(separator: " ") {
      if !isEmpty, line.count + 1 + word.count > 96 {
        lines.append(line)
        line = String(repeating: " ", count: indent + 2)
        isEmpty = true
      }
      line += (isEmpty ? "" : " ") + word
      isEmpty = false
    }
    return lines + [line]
  }

  /// Colours each row of a table, whose first line is the title, by its verdict.
  private static func painted(_ lines: [String], _ verdicts: [Verdict], _ paint: Paint) -> [String]
  {
    lines.prefix(1)
      + zip(lines.dropFirst(), verdicts).map { line, verdict in
        verdict == .pass ? line : paint.verdict(verdict, line)
      }
  }
}

/// Colours for the terminal, or none.
private struct Paint {
  let isOn: Bool

  /// Green for what is well, red for what failed, yellow for what is in doubt.
  func verdict(_ verdict: Verdict, _ text: String? = nil) -> String {
    let text = text ?? verdict.rawValue
    guard isOn else { return text }
    let code =
      switch verdict {
      case .pass, .kink: 32
      case .fail: 31
      case .inconclusive, .vacuous: 33
      }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }
}
