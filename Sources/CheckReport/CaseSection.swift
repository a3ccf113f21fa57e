import Foundation
import GradientCheck

/// The part of the page that is about one case.
struct CaseSection {
  let heading: String
  let markdown: String
  /// The pictures, in the order in which they appear.
  let files: [ReportFile]

  init(_ result: CaseResult, number: Int, names: inout FileNames) {
    heading = "Case \(number): \(result.name)"
    var files: [ReportFile] = []
    let stem = Markdown.slug(result.name)
    let pictures = CasePlots.pictures(result).map { picture in
      let name = names.svg("\(stem)-\(picture.suffix)")
      files.append(ReportFile(name: name, contents: Data(picture.plot.svg().utf8)))
      return [
        "#### \(Markdown.text(picture.plot.title))",
        Markdown.image(name, alternative: picture.plot.description), picture.explanation,
        picture.table,
      ].joined(separator: "\n\n")
    }
    self.files = files
    let parts: [[String]] = [
      ["## \(Markdown.text(heading))"], Self.opening(result), Self.findings(result),
      Self.whatWasChecked(result), Self.whatWouldHaveBeenNoticed(result), Self.layers(result),
      Self.gradients(result), Self.symmetry(result), Self.paths(result), Self.updates(result),
      Self.structure(result),
      pictures.isEmpty ? [] : ["### Pictures"] + pictures,
    ]
    markdown = parts.flatMap { $0 }.joined(separator: "\n\n")
  }

  /// A verdict as it stands in a table: what calls for attention is bold.
  static func emphasized(_ verdict: Verdict) -> String {
    verdict == .pass ? verdict.rawValue : "**\(verdict.rawValue)**"
  }

  private static func marked(_ cell: String, _ isWell: Bool) -> String {
    isWell ? cell : "**\(cell)**"
  }

  // MARK: Verdict and diagnosis

  private static func opening(_ result: CaseResult) -> [String] {
    var paragraphs: [String] = []
    if result.expected == .fail {
      paragraphs.append(
        "> **Evidence that the check can fail.** This model is wrong on purpose, and is expected to "
          + "be found out. "
          + (result.verdict == .fail
            ? "It was."
            : "**It was not: something is wrong with the check itself, or with its use."
              + "**"))
    }
    paragraphs.append(
      "**Verdict: \(CaseSentences.verdict(result)).** "
        + Markdown.text(CaseSentences.summary(result)))
    return paragraphs
  }

  private static func findings(_ result: CaseResult) -> [String] {
    let sentences = CaseSentences.findings(result)
    guard !sentences.isEmpty else { return [] }
    var paragraphs = ["### What is wrong"]
    if result.verdict != .fail { paragraphs = ["### What could not be told"] }
    paragraphs.append(sentences.map { "- " + Markdown.text($0) }.joined(separator: "\n"))
    guard !result.diagnoses.isEmpty else { return paragraphs }
    paragraphs += [
      "What was found was compared with what known mistakes would leave at this very point. For a "
        + "gradient, the coefficient is the multiple of the mistake that was found in the residual "
        + "(claimed minus measured); for an update, the movement over the predicted one.",
      Markdown.table(
        [
          .words("Parameter"), .words("Diagnosis"), .number("Coefficient"), .number("Error"),
          .words("Explains it all"),
        ],
        result.diagnoses.map { diagnosis in
          [
            diagnosis.parameter.isEmpty ? "-" : Markdown.code(diagnosis.parameter),
            "**\(Markdown.text(diagnosis.id))**",
            // 0 where a mistake is there or not, without a size.
            diagnosis.coefficient == 0 ? "-" : NumberText.coefficient(diagnosis.coefficient),
            diagnosis.coefficientError == 0
              ? "-" : "± " + NumberText.error(diagnosis.coefficientError),
            diagnosis.explained ? "yes" : "no",
          ]
        }),
    ]
    return paragraphs
  }

  // MARK: What was checked

  private static func whatWasChecked(_ result: CaseResult) -> [String] {
    let gradient = result.gradient
    let entries = gradient.entries
    var ended = entries.pass > 0 ? ["\(entries.pass) passed"] : []
    if entries.kink > 0 { ended.append("\(entries.kink) accepted at a corner") }
    if entries.inconclusive > 0 { ended.append("\(entries.inconclusive) inconclusive") }
    if entries.fail > 0 { ended.append("\(entries.fail) failed") }
    return [
      "### What was checked",
      Markdown.table(
        [.words("What"), .words("Value")],
        [
          ["Model", Markdown.code(result.model)],
          ["Loss", "\(Markdown.code(result.loss.name)) = \(NumberText.value(result.loss.value))"],
          [
            gradient.mode.directions > 0 ? "Random directions" : "Entries of the gradient",
            "all \(entries.total): \(NumberText.list(ended))"
              + (gradient.mode.directions > 0 ? " (\(Markdown.text(gradient.mode.reason)))" : ""),
          ],
          ["Finite differences", Markdown.text(estimator(gradient.estimator))],
          ["Accepted relative difference (rtol)", NumberText.error(gradient.rtol)],
          ["Evaluations of the loss", String(gradient.evaluations)],
        ]),
    ]
  }

  private static func estimator(_ estimator: Estimator) -> String {
    switch estimator {
    case .fivePoint: "five-point rule; GSL's central difference for entries about to fail"
    case .gslCentral, .gslForward, .gslBackward:
      "\(estimator.rawValue); the five-point rule for entries about to fail"
    }
  }

  private static func whatWouldHaveBeenNoticed(_ result: CaseResult) -> [String] {
    let gradient = result.gradient
    var points = [
      CaseSentences.sensitivity(gradient),
      "One evaluation of the loss is uncertain by \(NumberText.error(result.loss.noise)) (its noise); "
        + "every error bound below starts from that.",
    ]
    for vacuity in result.vacuous {
      points.append(
        "This point cannot tell" + (vacuity.parameter.isEmpty ? "" : " for \(vacuity.parameter)")
          + ": \(vacuity.hypothesis). It would leave only "
          + "\(NumberText.error(vacuity.effectOverSensitivity)) times the smallest difference that "
          + "can be noticed.")
    }
    for tensor in gradient.parameters where tensor.unused > 0 {
      points.append(
        "\(tensor.unused) of \(NumberText.count(tensor.counts.total, "entry", "entries")) of "
          + "\(tensor.name) did not change the loss by a single bit\(wholeLines(tensor)): on this batch "
          + "they are not used, and a mistake that only they would show is not seen.")
    }
    return [
      "### What would have been noticed",
      points.map { "- " + Markdown.text($0) }.joined(separator: "\n"),
    ] + faults(result.noticed ?? []) + notAsked(result.notAsked ?? [])
  }

  private static func notAsked(_ sentences: [String]) -> [String] {
    guard !sentences.isEmpty else { return [] }
    return [
      "### What was not asked",
      sentences.map { "- " + Markdown.text(CaseSentences.asSentence($0)) }.joined(separator: "\n"),
    ]
  }

  /// Known mistakes, put in at this very point.
  private static func faults(_ noticed: [NoticedFault]) -> [String] {
    guard !noticed.isEmpty else { return [] }
    let missed = noticed.count { !$0.convicted }
    return [
      "Would this check have noticed? Each mistake that people have made with models like this was put "
        + "in at this very point (those of a single use, into the last kernel that is shared; encoder "
        + "and decoder in a name are its first and its last use): \(noticed.count - missed) of "
        + "\(noticed.count) are convicted"
        + (missed == 0 ? "." : ", and \(missed) would have gone unseen.")
        + " Where it is a matter of size, the last column says how many times the smallest effect that "
        + "fails it would have had. `tiecheck faults ID` tells more about each.",
      Markdown.table(
        [.words("Mistake"), .words("Check"), .words("Noticed"), .number("Effect / sensitivity")],
        noticed.map { row in
          [
            Markdown.code(row.fault), Markdown.text(row.check),
            row.convicted ? "yes" : "**no**",
            row.effectOverSensitivity.map(NumberText.error) ?? "-",
          ]
        }),
    ]
  }

  /// " (3 whole rows and 1 whole column)".
  private static func wholeLines(_ tensor: TensorResult) -> String {
    var lines: [String] = []
    if tensor.unusedRows > 0 { lines.append(NumberText.count(tensor.unusedRows, "whole row")) }
    if tensor.unusedColumns > 0 {
      lines.append(NumberText.count(tensor.unusedColumns, "whole column"))
    }
    return lines.isEmpty ? "" : " (\(NumberText.list(lines)))"
  }

  private static func layers(_ result: CaseResult) -> [String] {
    let summary = result.summary
    return [
      "### The layers",
      Markdown.table(
        [
          .words("Layer"), .words("Type"), .words("Output shape"), .number("Parameters"),
          .words("Shares with"),
        ],
        summary.layers.map { row in
          [
            Markdown.code(row.name), Markdown.text(row.type), row.outputText,
            String(row.parameters), row.sharesText(Markdown.code),
          ]
        }),
      "**\(SummaryTable.total(summary)).**",
    ]
  }

  // MARK: Gradients

  private static func gradients(_ result: CaseResult) -> [String] {
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

  private static func reason(_ entry: EntryResult) -> String {
    var parts = entry.reason.map { [$0] } ?? []
    if let kink = entry.kink {
      parts.append(
        "a corner at a distance of \(NumberText.error(kink.offset)), where the slope jumps by "
          + NumberText.error(kink.jump))
    }
    return parts.isEmpty ? "-" : Markdown.text(parts.joined(separator: "; "))
  }

  private static func notes(_ tensor: TensorResult) -> String {
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

  /// What no derivative can tell.
  private static func structure(_ result: CaseResult) -> [String] {
    guard let structure = result.structure else { return [] }
    return [
      "### Structure",
      "What no derivative can tell: counting, saving, converting, outputs, single samples. Verdict: "
        + "\(emphasized(structure.verdict)).",
      Markdown.table(
        [.words("Question"), .words("Verdict"), .words("Answer")],
        structure.questions.map { question in
          [
            Markdown.text(question.question), emphasized(question.verdict),
            Markdown.text(question.answer),
          ]
        }),
    ]
  }

  private static func symmetry(_ result: CaseResult) -> [String] {
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

  // MARK: Paths

  private static func paths(_ result: CaseResult) -> [String] {
    guard result.asks(.ties) else { return [] }
    let tie = result.tie
    var paragraphs = ["### The paths and their sum"]
    if !tie.missing.isEmpty {
      paragraphs.append(
        tie.missing.map { "- **Missing tie:** " + Markdown.text(CaseSentences.asSentence($0)) }
          .joined(separator: "\n"))
    }
    if tie.groups.isEmpty {
      paragraphs.append(
        result.sharesNothing
          ? "No parameter is used more than once: every gradient has one path only, and there is "
            + "no sum to confirm."
          : "Parameters are used more than once, and the paths of their gradients could not be asked "
            + "for.")
    }
    for group in tie.groups { paragraphs += self.paths(group) }
    return paragraphs
  }

  private static func paths(_ group: TieGroup) -> [String] {
    // Many uses are told as one where there is nothing to tell apart.
    let areMany = group.uses.count > 3
    let isOneWay = areMany && Set(group.uses.map(\.transposed)).count == 1
    let uses = group.uses.map { use in
      Markdown.code(use.name)
        + (isOneWay ? "" : use.transposed ? " (transposed)" : " (as it is)")
    }
    let way = isOneWay ? ", each time \(group.uses[0].transposed ? "transposed" : "as it is")" : ""
    let name = Markdown.code(group.parameter)
    let identity =
      group.identity?.verdict == .pass
      ? "what is written through one use is read through every other, bit for bit"
      : "what is written through one use is not what every other reads"
    let areAllFollowing = areMany && group.follows.allSatisfy { $0.verdict == .pass }
    let follows =
      areAllFollowing
      ? ["- Every use follows the parameter: pass (its output changes when the parameter does)."]
      : group.follows.map(Self.follows)
    let sum = group.sumRule
    return [
      "#### \(name)",
      "\(name) (\(NumberText.shape(group.shape))) is shared by \(NumberText.list(uses))\(way). Verdict: "
        + "**\(group.verdict.rawValue)**.",
      Markdown.table(
        [
          .words("Path through"), .number("Measured norm"), .number("Claimed norm"),
          .number("Share"), .number("Max relative error"), .words("Claimed against measured"),
        ],
        group.paths.map { path in
          [
            Markdown.code(path.name), NumberText.value(path.norm),
            NumberText.value(path.claimedNorm),
            group.verdict == .vacuous ? "-" : NumberText.value(path.share),
            NumberText.error(path.maxRelativeError), emphasized(path.verdict),
          ]
        }),
      ([
        "- The paths add up to the whole: \(emphasized(sum.verdict)) (largest relative difference "
          + "\(NumberText.error(sum.maxRelativeError)) measured, "
          + "\(NumberText.error(sum.maxClaimedError)) claimed).",
        group.identity.map {
          "- One and the same parameter: \(emphasized($0.verdict)) (\(identity))."
        } ?? "- One and the same parameter: not asked.",
      ] + follows).joined(separator: "\n"),
    ]
  }

  private static func follows(_ follows: TieGroup.Follows) -> String {
    let what =
      follows.reason.map { Markdown.text($0) }
      ?? (follows.verdict == .pass ? "its output changes when the parameter does" : "unknown")
    return "- \(Markdown.code(follows.name)) follows the parameter: "
      + "\(emphasized(follows.verdict)) (\(what))."
  }

  // MARK: Updates

  private static func updates(_ result: CaseResult) -> [String] {
    let optimizers = result.updates.optimizers
    guard !optimizers.isEmpty else { return [] }
    var paragraphs = [
      "### Updates",
      "Each optimizer trained from the same point. *Largest difference* is how far it strayed from an "
        + "independent reference with one kernel, which is given the same claimed gradients; *full step* is "
        + "the movement over the predicted one (1 is once, 2 is twice); the *slope* of the loss along the step was measured and must agree "
        + "with the claimed gradient times the step, <G, step>.".replacing("<", with: "&lt;")
        .replacing(">", with: "&gt;"),
      Markdown.table(
        [
          .words("Optimizer"), .words("Verdict"), .number("Steps"), .number("Largest difference"),
          .number("States kept"), .number("States expected"), .words("Full step"),
          .number("Slope measured"), .number("Its bound"), .number("Slope claimed"),
        ],
        optimizers.map { optimizer in
          [
            Markdown.code(optimizer.name), emphasized(optimizer.verdict), String(optimizer.steps),
            NumberText.error(optimizer.maxDifference),
            optimizer.stateSlots.map { marked("\($0)", $0 == optimizer.expectedStateSlots) } ?? "-",
            String(optimizer.expectedStateSlots), fullStep(optimizer),
            NumberText.value(optimizer.slope.numeric), NumberText.error(optimizer.slope.bound),
            marked(
              NumberText.value(optimizer.slope.analytic), optimizer.slope.verdict == .pass),
          ]
        }),
    ]
    paragraphs += (result.updates.fixed ?? []).map { fixed in
      Markdown.text(CaseSentences.sentence(fixed))
    }
    for group in result.tie.groups { paragraphs += through(group, optimizers) }
    let findings = optimizers.flatMap { optimizer in
      optimizer.findings.map {
        "- \(Markdown.code(optimizer.name)): "
          + Markdown.text(CaseSentences.asSentence($0))
      }
    }
    if !findings.isEmpty {
      paragraphs += ["What does not agree:", findings.joined(separator: "\n")]
    }
    return paragraphs
  }

  /// "1" where every parameter moved once, else what moved otherwise.
  private static func fullStep(_ optimizer: OptimizerResult) -> String {
    let failing = optimizer.fullStep.filter { $0.verdict != .pass }
    guard !failing.isEmpty else { return optimizer.fullStep.isEmpty ? "-" : "1" }
    return failing.map { "\(Markdown.code($0.parameter)) **\(NumberText.value($0.ratio))**" }
      .joined(separator: ", ")
  }

  /// The same for many uses: a row for each, and what was predicted only where it is not what was seen.
  private static func throughMany(
    _ group: TieGroup, _ optimizers: [OptimizerResult]
  ) -> [String] {
    let columns = optimizers.map { optimizer in
      optimizer.through.filter { $0.parameter == group.parameter }
    }
    return [
      Markdown.table(
        [.words("Through")] + optimizers.map { .number(Markdown.code($0.name)) },
        group.uses.map { use in
          [Markdown.code(use.name)]
            + columns.map { steps in
              guard let step = steps.first(where: { $0.name == use.name }) else { return "-" }
              let moved = marked(NumberText.value(step.moved), step.verdict == .pass)
              return step.verdict == .pass
                ? moved : "\(moved), predicted \(NumberText.value(step.predicted))"
            }
        })
    ]
  }

  /// How far the step made from one use's contribution alone moved a shared parameter.
  private static func through(_ group: TieGroup, _ optimizers: [OptimizerResult]) -> [String] {
    let uses = group.uses.map(\.name)
    let opening =
      "How far \(Markdown.code(group.parameter)) moves when a step is made from one use's "
      + "contribution alone, predicted by the reference and seen by that use (norm of the change; an optimizer that "
      + "decays weights does so in every step)"
    guard uses.count <= 3 else { return [opening + ":"] + throughMany(group, optimizers) }
    let rows = optimizers.compactMap { optimizer -> [String]? in
      let steps = optimizer.through.filter { $0.parameter == group.parameter }
      guard !steps.isEmpty else { return nil }
      return [Markdown.code(optimizer.name)]
        + uses.flatMap { use -> [String] in
          guard let step = steps.first(where: { $0.name == use }) else { return ["-", "-"] }
          return [
            NumberText.value(step.predicted),
            marked(NumberText.value(step.moved), step.verdict == .pass),
          ]
        }
    }
    guard !rows.isEmpty else { return [] }
    return [
      opening + ":",
      Markdown.table(
        [.words("Optimizer")]
          + uses.flatMap { use -> [Markdown.Column] in
            let name = Markdown.code(use)
            return [.number("Through \(name): predicted"), .number("moved")]
          }, rows),
    ]
  }
}
