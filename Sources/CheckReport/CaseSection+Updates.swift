import GradientCheck

/// How far each optimizer moved the parameters.
extension CaseSection {
  static func updates(_ result: CaseResult) -> [String] {
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
  static func fullStep(_ optimizer: OptimizerResult) -> String {
    let failing = optimizer.fullStep.filter { $0.verdict != .pass }
    guard !failing.isEmpty else { return optimizer.fullStep.isEmpty ? "-" : "1" }
    return failing.map { "\(Markdown.code($0.parameter)) **\(NumberText.value($0.ratio))**" }
      .joined(separator: ", ")
  }

  /// How far the step made from one use's contribution alone moved a shared parameter.
  static func through(_ group: TieGroup, _ optimizers: [OptimizerResult]) -> [String] {
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

  /// The same for many uses: a row for each, and what was predicted only where it is not what was seen.
  static func throughMany(
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
}
