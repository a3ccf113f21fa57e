import Foundation
import Testing
import TextNotebook

/// What the README shows was printed by what it shows, and what it points to is there.
struct ReadmeTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private func text(_ path: String) throws -> String {
    try String(contentsOf: Self.root.appendingPathComponent(path), encoding: .utf8)
  }

  /// The blocks between fences that name no language: output, with its command line first.
  private func outputs(_ text: String) -> [[String]] {
    text.components(separatedBy: "\n```").enumerated()
      .filter { $0.offset % 2 == 1 && $0.element.hasPrefix("\n") }
      .map { $0.element.dropFirst().components(separatedBy: "\n") }
  }

  @Test func everyOutputIsWhatItsCommandPrints() throws {
    let blocks = outputs(try text("README.md"))
    #expect(blocks.count == 3)
    let command = "$ swift run tiecheck "
    for block in blocks where block[0].hasPrefix("$") {
      try #require(block[0].hasPrefix(command))
      let run = tiecheck(String(block[0].dropFirst(command.count)))
      let comparison = OutputComparison(
        recorded: Array(block.dropFirst()),
        // The last line ends in a newline, and no line follows it.
        present: Array(run.output.components(separatedBy: "\n").dropLast()),
        tolerance: Tolerance(relative: 1e-3, absolute: 0))
      #expect(
        comparison.isEqual,
        """
        The README differs from \(block[0]):
        \(comparison.differences.map(\.shown).joined(separator: "\n"))
        """)
    }
    // The other one is a failing test's, and GradientCheckTestingTests compares it.
    #expect(blocks.filter { !$0[0].hasPrefix("$") }.map { $0[0] } == ["FAIL  cubes"])
  }

  @Test func aWrongNumberWouldBeSeen() {
    let right = ["kernel  dense  pass     0.5543"]
    let wrong = OutputComparison(
      recorded: ["kernel  dense  pass     0.5643"], present: right,
      tolerance: Tolerance(relative: 1e-3, absolute: 0))
    #expect(!wrong.isEqual)
  }

  @Test func everyLinkLeadsToAFile() throws {
    let readme = try text("README.md")
    let links = readme.matches(of: /\]\(([^)]+)\)/).map { String($0.1) }
      .filter { !$0.hasPrefix("https:") }
    #expect(links.count > 10)
    for link in links {
      let path = Self.root.appendingPathComponent(link).path
      #expect(FileManager.default.fileExists(atPath: path), "\(link) is not there")
    }
  }

  @Test func theWalkThroughTheSourceIsShort() throws {
    let walk = try text("README.md").components(separatedBy: "## Reading the source")[1]
      .components(separatedBy: "\n## ")[0]
    let files = walk.matches(of: /`([A-Za-z]+\/[^`]+\.swift)`/).map { "Sources/\($0.1)" }
    #expect(files.count > 10 && files.count <= 20)
    let lines = try files.map { try text($0).filter { $0 == "\n" }.count }.reduce(0, +)
    #expect(lines <= 3000, "\(lines) lines")
  }
}
