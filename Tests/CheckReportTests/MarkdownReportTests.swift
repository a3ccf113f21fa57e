import Foundation
import Testing

@testable import CheckReport

struct MarkdownReportTests {
  static let records: [(name: String, record: CheckRecord)] = [
    ("all", Records.all), ("failing", Records.failing), ("hostile", Records.hostile),
    ("not a number", Records.notANumber), ("vacuous", Records.vacuous),
    ("missing tie", Records.missingTie), ("directions", Records.directions),
    ("same name", Records.record([Records.tied, Records.tied])),
    ("none", Records.record([])),
  ]

  private func page(_ record: CheckRecord) throws -> MarkdownProbe {
    try MarkdownProbe(MarkdownReport.files(for: record))
  }

  @Test func everyLinkLeadsSomewhereAndEveryFileIsShown() throws {
    for (name, record) in Self.records {
      let files = MarkdownReport.files(for: record)
      let probe = try MarkdownProbe(files)
      let names = files.map(\.name)
      #expect(files[0].name == "report.md")
      #expect(Set(names.map { $0.lowercased() }).count == names.count)
      #expect(probe.images.map(\.file) == Array(names.dropFirst()), "\(name)")
      #expect(
        probe.text.matches(of: /[^\\]\]\(/).count == probe.images.count
          + probe.links.count, "\(name): a link was not read")
      let anchors = probe.headings.map { heading in
        "#" + Markdown.anchor(Self.unescaped(String(heading.drop { $0 == "#" }.dropFirst())))
      }
      for link in probe.links { #expect(anchors.contains(link), "\(name): \(link)") }
    }
    #expect(try page(Records.all).links.count == 5)
  }

  /// What a heading shows.
  private static func unescaped(_ text: String) -> String {
    let entities = ["&lt;": "<", "&gt;": ">", "&#124;": "|", "&#36;": "$", "&amp;": "&"]
    var result = text
    for (entity, character) in entities { result = result.replacing(entity, with: character) }
    return result
  }

  @Test func everyRowHasAsManyCellsAsItsHeader() throws {
    for (name, record) in Self.records {
      for table in try page(record).tables {
        for row in table.rows {
          #expect(row.count == table.header.count, "\(name): \(row)")
          #expect(!row.contains(""), "\(name): an empty cell in \(row)")
        }
      }
    }
  }

  @Test func theSameRecordGivesTheSameBytes() throws {
    let files = MarkdownReport.files(for: Records.all)
    #expect(MarkdownReport.files(for: Records.all) == files)
    // Also by way of JSON, which leaves the entries out, and from a second run.
    let back = try CheckRecord(json: Records.all.json())
    #expect(MarkdownReport.files(for: back) == files)
    let again = Records.record([Records.originalPair])
    #expect(MarkdownReport.files(for: again) == MarkdownReport.files(for: Records.passing))
  }

  @Test func theVerdictAndTheFindingStandOnTheFirstScreen() throws {
    let screen = try page(Records.failing).lines.prefix(10).joined(separator: "\n")
    #expect(screen.contains("**Verdict: fail.**"))
    #expect(screen.contains("contribution of decoder is missing from the gradient of W"))
    let among = try page(
      Records.record([Records.tied, Records.untied, Records.forgetful(expected: .pass)]))
    let first = among.lines.prefix(12).joined(separator: "\n")
    #expect(first.contains("1 of 3 cases did not end as expected: forgetful decoder."))
    #expect(first.contains("contribution of decoder is missing from the gradient of W"))
  }

  @Test func everyCaseHasItsLine() throws {
    let table = try page(Records.all).table("Case", "Verdict", "Expected")
    #expect(table.rows.dropFirst().map { $0[1] } == ["pass", "pass", "pass", "**fail**"])
    #expect(table.rows.dropFirst().map { $0[2] } == ["pass", "pass", "pass", "fail"])
  }

  @Test func namesAreShownAndNotObeyed() throws {
    let files = MarkdownReport.files(for: Records.hostile)
    let text = try MarkdownProbe(files).text
    for forbidden in ["<script", "<k>", "<oder>", "[x](y)", "W|", "*dec*"] {
      #expect(!text.replacing("\\*", with: "").contains(forbidden), "\(forbidden)")
    }
    #expect(text.contains("enc&#124;&lt;oder&gt;"))
    for file in files {
      #expect(file.name.wholeMatch(of: /[a-z0-9-]+\.(md|svg)/) != nil, "\(file.name)")
    }
  }

  @Test func thereIsNoHTMLNoAbsolutePathAndNoDate() throws {
    for (name, record) in Self.records {
      for file in MarkdownReport.files(for: record) {
        let text = try #require(String(data: file.contents, encoding: .utf8))
        if file.name.hasSuffix(".md") { #expect(!text.contains("<"), "\(name)") }
        #expect(text.firstMatch(of: /(file:|\/(tmp|home|Users|root|var|private)\/)/) == nil)
        #expect(text.firstMatch(of: /\d{4}-\d\d-\d\d|\d\d:\d\d/) == nil)
      }
    }
  }

  @Test func itSaysHowToReproduce() throws {
    let probe = try page(Records.all)
    let text = probe.text
    #expect(text.contains("```sh\ntiecheck report --seed 7\n```"))
    #expect(try probe.table("What", "Value").rows.isEmpty == false)
    #expect(text.contains("| Seed of everything random | 7 |"))
    #expect(text.contains("| GNU Scientific Library | \(Records.all.tool.gsl) |"))
    let order = ["## Case 1", "## Case 4", "## How to reproduce", "## Glossary"].map { heading in
      probe.lines.firstIndex { $0.hasPrefix(heading) } ?? -1
    }
    #expect(order == order.sorted() && !order.contains(-1))
  }

  @Test func fileNamesAreGivenOutOnce() {
    var names = FileNames()
    #expect(names.svg("a") == "a.svg")
    #expect(names.svg("a") == "a-2.svg")
    #expect(names.svg("a") == "a-3.svg")
  }
}
