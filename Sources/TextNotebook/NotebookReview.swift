/// A notebook beside what came of it when it ran: what differs from what is written, and the notebook as
/// it should be.
package struct NotebookReview: Sendable {
  package let notebook: Notebook
  package let findings: [Finding]

  /// What there is to say of a step.
  package struct Finding: Sendable {
    package enum Kind: Sendable {
      /// Everything is as it is written.
      case same
      /// The cell prints something else.
      case differs(OutputComparison)
      /// The cell prints something, and no output is recorded.
      case missing([String])
      /// The picture beside the notebook is another, or is not there.
      case picture(String, isThere: Bool)
      case failed(String)
      case notRun(String)
    }

    package let run: StepRun
    package let kind: Kind
    /// The line that a message about it names, counted from 1.
    package let line: Int

    /// What is the matter, in words; nil if nothing is.
    package var sentence: String? {
      switch kind {
      case .same: nil
      case .differs: "the cell of line \(run.step.cell.line) prints something else."
      case .missing: "the cell prints something, and no output stands below it."
      case .picture(let name, let isThere):
        isThere ? "the picture \(name) is another now." : "there is no picture \(name)."
      case .failed(let why): "the cell failed: \(why)"
      case .notRun(let why): "not run: \(why)"
      }
    }

    /// Recorded and present lines where they differ.
    package var differences: [OutputComparison.Line] {
      switch kind {
      case .differs(let comparison): comparison.differences
      case .missing(let output): OutputComparison(recorded: [], present: output).differences
      case .same, .picture, .failed, .notRun: []
      }
    }

    package var isWrong: Bool {
      switch kind {
      case .same, .notRun: false
      case .differs, .missing, .picture, .failed: true
      }
    }
  }

  /// - Parameters:
  ///   - runs: of each of the notebook's steps.
  ///   - savedPicture: the picture of a name beside the notebook.
  package init(_ notebook: Notebook, _ runs: [StepRun], savedPicture: (String) -> String?) {
    self.notebook = notebook
    findings = zip(notebook.steps, runs).map { Self.finding($0, $1, savedPicture) }
  }

  private static func finding(
    _ step: Step, _ run: StepRun, _ savedPicture: (String) -> String?
  ) -> Finding {
    let line = step.cell.line
    switch run.outcome {
    case .failed(let why): return Finding(run: run, kind: .failed(why), line: line)
    case .notRun(let why): return Finding(run: run, kind: .notRun(why), line: line)
    case .ran: break
    }
    guard let output = step.output else {
      return Finding(
        run: run, kind: run.output.isEmpty ? .same : .missing(run.output), line: line)
    }
    let comparison = OutputComparison(
      recorded: output.body, present: run.output, tolerance: output.options.tolerance)
    if comparison.isEqual && !(output.body.isEmpty && run.output.isEmpty) {
      for picture in run.pictures {
        let saved = savedPicture(picture.name)
        if saved.map({ run.isSame(picture, as: $0) }) != true {
          return Finding(
            run: run, kind: .picture(picture.name, isThere: saved != nil), line: line)
        }
      }
      return Finding(run: run, kind: .same, line: output.line)
    }
    let first = comparison.differences.first { $0.kind == .recorded }?.recordedLine
    return Finding(
      run: run, kind: .differs(comparison), line: output.line + (first.map { $0 + 1 } ?? 0))
  }

  /// The notebook's text with the outputs that differ rewritten, and nothing else touched.
  package var updatedText: String {
    var lines = notebook.lines
    for (step, finding) in zip(notebook.steps, findings).reversed() {
      switch finding.kind {
      case .same, .picture, .failed, .notRun: continue
      case .missing(let output):
        lines.insert(
          contentsOf: ["%% output"] + Self.indented(output), at: step.cell.range.upperBound)
      case .differs(let comparison):
        guard let output = step.output else { continue }
        let body = comparison.updated
        if body.isEmpty {
          lines.removeSubrange(output.range)
        } else {
          lines.replaceSubrange(
            output.range.lowerBound + 1..<output.range.upperBound, with: Self.indented(body))
        }
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func indented(_ lines: [String]) -> [String] {
    lines.map { $0.isEmpty ? "" : "  " + $0 }
  }
}
