import GradientCheck

/// What a case found, in whole sentences of plain text; the page and the terminal say the same.
enum CaseSentences {
  /// Everything that is wrong or could not be told, the most telling first. Empty where all is well.
  static func findings(_ result: CaseResult) -> [String] {
    let gradient = result.gradient
    var sentences = gradient.parameters.compactMap(notANumber)
    // What several parameters have in common is said once.
    for diagnosis in result.diagnoses where !sentences.contains(diagnosis.sentence) {
      sentences.append(diagnosis.sentence)
    }
    sentences += result.tie.missing.filter { !sentences.contains($0) }
    if let reason = gradient.reason, !sentences.contains(reason) { sentences.append(reason) }
    if gradient.isUnfinished {
      sentences.append("the check was interrupted: what was not measured is inconclusive")
    }
    sentences += gradient.parameters.compactMap { tensor in
      tensor.reason.map { tensor.directions == nil ? $0 : "\(tensor.name): \($0)" }
    }
    let named = Set(result.diagnoses.map(\.parameter))
    for tensor in gradient.parameters where tensor.reason == nil {
      if tensor.verdict == .fail, !named.contains(tensor.name) {
        sentences.append(
          "\(tensor.counts.fail) of \(units(tensor.counts.total, gradient)) of \(tensor.name) are "
            + "wrong")
      }
      if tensor.counts.inconclusive > 0 {
        let why = tensor.worst.first { $0.verdict == .inconclusive }?.reason
        sentences.append(
          "\(tensor.counts.inconclusive) of \(units(tensor.counts.total, gradient)) of "
            + "\(tensor.name) could not be decided" + (why.map { ": \($0)" } ?? ""))
      }
    }
    let stale = result.diagnoses.filter { $0.id == "stale-copy" }.map(\.parameter)
    for group in result.tie.groups {
      sentences += findings(group, isStaleNamed: stale.contains(group.parameter))
    }
    if !result.vacuousParameters.isEmpty, gradient.reason == nil {
      sentences.append(
        "nothing wrong could have been seen in the gradient of "
          + NumberText.list(result.vacuousParameters)
          + " at this point: no known mistake would have shown. Try another seed, or values of "
          + "another scale")
    }
    if let symmetry = result.symmetry, symmetry.verdict != .pass {
      sentences.append(
        symmetry.verdict == .fail
          ? "the claimed gradient is not the gradient of any function: its second derivatives are "
            + "not symmetric" : "the symmetry of the second derivatives could not be decided")
    }
    sentences += findings(result.updates)
    return sentences.map(asSentence)
  }

  /// The commands that explain the diagnoses.
  static func lessons(_ result: CaseResult) -> [String] {
    var ids: [String] = []
    for diagnosis in result.diagnoses
    where Diagnosis.meanings[diagnosis.id] != nil && !ids.contains(diagnosis.id) {
      ids.append(diagnosis.id)
    }
    return ids.map { "tiecheck faults \($0)" }
  }

  /// Rows that are not trained.
  static func sentence(_ fixed: UpdateResult.FixedRows) -> String {
    let rows = NumberText.list(fixed.rows.map(String.init))
    return fixed.rows.count == 1
      ? "Row \(rows) of \(fixed.parameter) is fixed: whatever its gradient, no optimizer may move it."
      : "Rows \(rows) of \(fixed.parameter) are fixed: whatever their gradient, no optimizer may move them."
  }

  /// One sentence for all optimizers that fail, with the first one's finding: a wrong gradient shows
  /// in every one of them.
  private static func findings(_ updates: UpdateResult) -> [String] {
    var sentences: [String] = []
    let failing = updates.optimizers.filter { $0.verdict == .fail }
    if let first = failing.first {
      let finding = first.findings.first.map { "; with \(first.name), \($0)" } ?? ""
      sentences.append(
        "the updates of \(failing.count) of \(NumberText.count(updates.optimizers.count, "optimizer")) "
          + "are not what they should be (\(NumberText.list(failing.map(\.name))))" + finding)
    }
    for optimizer in updates.optimizers {
      guard let reason = optimizer.reason else { continue }
      sentences.append("the updates of \(optimizer.name) could not be compared: \(reason)")
    }
    let undecided = updates.optimizers.filter {
      $0.verdict == .inconclusive && $0.reason == nil
    }
    if !undecided.isEmpty {
      sentences.append(
        "the slope of the loss along the step could not be decided for "
          + NumberText.list(undecided.map(\.name)))
    }
    return sentences
  }

  /// A claim that is no number needs no further diagnosis.
  private static func notANumber(_ tensor: TensorResult) -> String? {
    guard let entry = tensor.worst.first(where: { $0.verdict == .fail && !$0.analytic.isFinite }),
      let reason = entry.reason
    else { return nil }
    return "\(tensor.name)\(NumberText.index(entry.index)): \(reason)"
  }

  private static func findings(_ group: TieGroup, isStaleNamed: Bool) -> [String] {
    var sentences: [String] = []
    for follows in group.follows
    where follows.verdict != .pass && follows.verdict != .vacuous
      && !(isStaleNamed && follows.verdict == .fail)
    {
      let what = follows.reason ?? "does not follow \(group.parameter)"
      sentences.append("\(follows.name): \(what)")
    }
    if let identity = group.identity, identity.verdict != .pass {
      sentences.append(
        "what one use writes into \(group.parameter) is not what the others read: they do not "
          + "hold the same parameter")
    }
    for path in group.paths where path.verdict == .fail || path.verdict == .inconclusive {
      let what =
        path.verdict == .fail
        ? "is not what was measured (norm \(NumberText.value(path.claimedNorm)) claimed, "
          + "\(NumberText.value(path.norm)) measured)" : "could not be decided"
      sentences.append(
        "the contribution to \(group.parameter) that \(path.name) "
          + "\(path.claimedNorm == nil ? "makes" : "claims") \(what)")
    }
    if group.sumRule.verdict == .inconclusive {
      sentences.append(
        "whether the paths of \(group.parameter) add up to its whole gradient could not be decided")
    } else if group.sumRule.verdict != .pass {
      sentences.append(
        "the paths of \(group.parameter) do not add up to its whole gradient (largest relative "
          + "difference \(NumberText.error(group.sumRule.maxRelativeError)) measured, "
          + "\(NumberText.error(group.sumRule.maxClaimedError)) claimed)")
    }
    return sentences
  }

  /// The case in one sentence.
  static func summary(_ result: CaseResult) -> String {
    let findings = findings(result)
    if let first = findings.first { return first }
    var parts = [
      "claimed and measured agree in all \(units(result.gradient.entries.total, result.gradient))"
    ]
    let kinks = result.gradient.entries.kink
    if kinks > 0 { parts[0] += " (\(kinks) of them at a corner of the loss)" }
    let groups = result.tie.groups
    if groups.isEmpty {
      if result.sharesNothing { parts.append("no parameter is shared") }
    } else {
      let names = NumberText.list(groups.map(\.parameter))
      parts.append(
        groups.count == 1
          ? "the gradient of the shared \(names) is the sum of its \(groups[0].paths.count) paths"
          : "the gradients of the shared \(names) are the sums of their paths")
    }
    let optimizers = result.updates.optimizers.count
    if optimizers == 1 {
      parts.append("the optimizer moves every parameter exactly once")
    } else if optimizers > 1 {
      parts.append("all \(optimizers) optimizers move every parameter exactly once")
    }
    let agreement =
      parts.count > 1
      ? parts.dropLast().joined(separator: ", ") + ", and " + parts[parts.count - 1] : parts[0]
    return asSentence(agreement + notCompared(result.updates.notCompared ?? []))
  }

  /// What a headline must not pass over in silence.
  private static func notCompared(_ optimizers: [UpdateResult.NotCompared]) -> String {
    guard !optimizers.isEmpty else { return "" }
    return "; the updates of \(NumberText.list(optimizers.map(\.name))) were not compared"
  }

  /// "pass", "fail", and of a model that is wrong on purpose "fail, as expected".
  static func verdict(_ result: CaseResult) -> String {
    if result.expected == .pass { return result.verdict.rawValue }
    return result.isAsExpected
      ? "\(result.verdict.rawValue), as expected"
      : "\(result.verdict.rawValue), but \(result.expected.rawValue) was expected"
  }

  /// The whole record in one sentence.
  static func summary(_ record: CheckRecord) -> String {
    guard let broken = record.broken else { return summaryOfCases(record) }
    let told = "\(NumberText.count(broken.count, "check")) gave no result."
    return record.cases.isEmpty ? told : "\(told) \(summaryOfCases(record))"
  }

  private static func summaryOfCases(_ record: CheckRecord) -> String {
    let count = record.cases.count
    guard count > 0 else { return "No case was checked." }
    if count == 1 {
      let result = record.cases[0]
      if result.expected == .pass { return summary(result) }
      return "The model that is wrong on purpose was \(result.isAsExpected ? "" : "not ")found out."
    }
    let surprising = record.cases.filter { !$0.isAsExpected }
    let meantToFail = record.cases.count { $0.expected == .fail && $0.isAsExpected }
    if surprising.isEmpty {
      var sentence = "All \(count) cases ended as expected"
      if meantToFail > 0 {
        let passed = count - meantToFail
        sentence += passed > 0 ? ": \(passed) passed, and " : ": "
        sentence +=
          meantToFail == 1
          ? "one model that is wrong on purpose was found out"
          : "\(meantToFail) models that are wrong on purpose were found out"
      }
      return sentence + "."
    }
    let names = NumberText.list(surprising.map(\.name))
    return "\(surprising.count) of \(count) cases did not end as expected: \(names)."
  }

  /// What the check would have noticed.
  static func sensitivity(_ gradient: GradientResult) -> String {
    let threshold = gradient.sensitivity
    guard threshold.isFinite, gradient.verdict != .vacuous else {
      return "No error can be promised to be noticed at this point."
    }
    let size = NumberText.error(threshold)
    return gradient.mode.directions > 0
      ? "An error of more than \(size) relative would have been missed at most once in a million "
        + "draws of the directions."
      : "An error of more than \(size) relative, in whichever entry, would not have passed."
  }

  /// Starts with a capital, unless that would change a name, and ends with a full stop.
  static func asSentence(_ text: String) -> String {
    let starters = ["the ", "a ", "an ", "one ", "no ", "its ", "what ", "claimed ", "nothing "]
    var result = text
    if starters.contains(where: { text.hasPrefix($0) }) {
      result = text.prefix(1).uppercased() + text.dropFirst()
    }
    return result.last.map { ".!?".contains($0) } == true ? result : result + "."
  }

  /// "24 pass, 1 kink".
  static func counts(_ counts: EntryCounts) -> String {
    let parts = [
      (counts.pass, Verdict.pass), (counts.fail, .fail), (counts.inconclusive, .inconclusive),
      (counts.kink, .kink), (counts.vacuous, .vacuous),
    ]
    return parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1.rawValue)" }.joined(separator: ", ")
  }

  /// What was counted: "30 entries", or "12 random directions".
  static func units(_ count: Int, _ gradient: GradientResult) -> String {
    gradient.mode.directions > 0
      ? NumberText.count(count, "random direction") : NumberText.count(count, "entry", "entries")
  }
}
