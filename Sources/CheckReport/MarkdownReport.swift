import Foundation
import GradientCheck

/// The report as a page for GitHub: report.md, and the pictures it shows.
package enum MarkdownReport {
  /// The name of the page.
  package static let pageName = "report.md"

  /// The page first, then its pictures in the order in which they appear. The same record always
  /// gives the same bytes.
  package static func files(for record: CheckRecord) -> [ReportFile] {
    let record = record.harmlessCopy
    var names = FileNames()
    let sections = record.cases.enumerated().map { index, result in
      CaseSection(result, number: index + 1, names: &names)
    }
    var blocks = [opening(record, sections)]
    if let broken = record.broken { blocks.append(self.broken(broken)) }
    blocks += sections.map(\.markdown)
    blocks += [reproduction(record), Glossary.markdown]
    let page = blocks.joined(separator: "\n\n") + "\n"
    return [ReportFile(name: pageName, contents: Data(page.utf8))] + sections.flatMap(\.files)
  }

  /// What a reader wants first: the verdict, and one line for each case.
  private static func opening(_ record: CheckRecord, _ sections: [CaseSection]) -> String {
    let rows = zip(record.cases, sections).map { result, section in
      [
        "[\(Markdown.text(result.name))](#\(Markdown.anchor(section.heading)))",
        CaseSection.emphasized(result.verdict), result.expected.rawValue,
        NumberText.error(result.gradient.sensitivity),
        Markdown.text(CaseSentences.summary(result)),
      ]
    }
    var lines = [
      "# Gradient check",
      "**Verdict: \(record.verdict.rawValue).** \(Markdown.text(CaseSentences.summary(record)))",
    ]
    if !rows.isEmpty {
      lines.append(
        Markdown.table(
          [
            .words("Case"), .words("Verdict"), .words("Expected"), .number("Sensitivity"),
            .words("In one sentence"),
          ], rows))
    }
    if record.cases.contains(where: { $0.expected == .fail }) {
      lines.append(
        "A case that is expected to fail is a model that is wrong on purpose: evidence that the check "
          + "can fail.")
    }
    lines.append(
      "Each gradient that a model claims was compared with finite differences of its loss, which know "
        + "nothing of how the model computes gradients. *Sensitivity* is the smallest relative error "
        + "that would certainly have been noticed. All words are explained in the "
        + "[glossary](#\(Markdown.anchor(Glossary.heading))) at the end.")
    return lines.joined(separator: "\n\n")
  }

  /// What has no result to show, and is no less wrong for that.
  private static func broken(_ checks: [BrokenCheck]) -> String {
    [
      "## Checks that gave no result",
      Markdown.table(
        [.words("Check"), .words("Asked for in"), .words("What happened")],
        checks.map {
          [Markdown.text($0.name), Markdown.code($0.place), Markdown.text($0.sentence)]
        }),
    ].joined(separator: "\n\n")
  }

  private static func reproduction(_ record: CheckRecord) -> String {
    [
      "## How to reproduce",
      Markdown.codeBlock(record.command, language: "sh"),
      Markdown.table(
        [.words("What"), .words("Value")],
        [
          ["Seed of everything random", String(record.seed)],
          ["tiecheck", Markdown.text(record.tool.version)],
          ["GNU Scientific Library", Markdown.text(record.tool.gsl)],
          ["BLAS", Markdown.text(record.tool.blas)],
          ["Swift", Markdown.text(record.tool.swift)],
        ]),
      "The same command gives the same bytes again on the same machine; elsewhere the last digits may "
        + "differ. Every number is in the record (`result.json`) in full precision.",
    ].joined(separator: "\n\n")
  }
}

/// One file of a report: the page, or a picture that the page shows.
package struct ReportFile: Equatable, Sendable {
  /// The file's name, without a folder; the page links to it by this name.
  package let name: String
  package let contents: Data

  package init(name: String, contents: Data) {
    self.name = name
    self.contents = contents
  }
}

/// Gives out file names, each once, told apart without regard to case.
struct FileNames {
  private var used: Set<String> = [MarkdownReport.pageName]

  /// `stem`.svg, or `stem`-2.svg, ... where that is taken.
  mutating func svg(_ stem: String) -> String {
    var name = "\(stem).svg"
    var number = 2
    while !used.insert(name).inserted {
      name = "\(stem)-\(number).svg"
      number += 1
    }
    return name
  }
}
