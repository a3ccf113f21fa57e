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

  static func marked(_ cell: String, _ isWell: Bool) -> String {
    isWell ? cell : "**\(cell)**"
  }

  static func opening(_ result: CaseResult) -> [String] {
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

  static func findings(_ result: CaseResult) -> [String] {
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

  static func layers(_ result: CaseResult) -> [String] {
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

  /// What no derivative can tell.
  static func structure(_ result: CaseResult) -> [String] {
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
}
