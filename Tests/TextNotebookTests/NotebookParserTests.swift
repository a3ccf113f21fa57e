import Foundation
import Testing

@testable import TextNotebook

@Suite struct NotebookParserTests {
  @Test func aCellWithoutABodyIsNotClosed() {
    #expect(complaint("%% swift\n").hasPrefix("01-a.txt:1: the cell opened here has no body"))
    #expect(complaint("a\n%% swift\n\n\nprint(1)\n").hasPrefix("01-a.txt:2: the cell opened here"))
    #expect(complaint("%% tiecheck\n%% output\n  1\n").hasPrefix("01-a.txt:1: the cell opened"))
  }

  @Test func anOutputNeedsACellThatPrints() {
    #expect(complaint("a\n%% output\n  1\n").hasPrefix("01-a.txt:2: an output without a cell"))
    #expect(
      complaint("%% swift\n  print(1)\n%% output\n  1\n%% output\n  1\n")
        .hasPrefix("01-a.txt:5: the cell above has an output already, in line 3"))
    #expect(
      complaint("%% swift file\n  import Foundation\n%% output\n  1\n")
        .hasPrefix("01-a.txt:3: the cell above, \"swift file\" of line 1, prints nothing"))
    #expect(
      complaint("%% file name=a.py\n  1\n%% output\n  1\n").contains("prints nothing"))
  }

  /// Code that is indented below prose looks as if it ran.
  @Test func indentedTextOutsideOfACellIsRefused() {
    #expect(
      complaint("%% swift\n  let x = 1\n\nlet y = 2\n  print(y)\n")
        .hasPrefix("01-a.txt:5: indented text that belongs to no cell"))
    #expect(complaint("  print(1)\n").hasPrefix("01-a.txt:1: indented text"))
    #expect(complaint("Prose\n    not a display\n").hasPrefix("01-a.txt:2: indented text"))
    #expect(complaint("Prose\n\n  neither\n").hasPrefix("01-a.txt:3: indented text"))
    #expect(complaint("%% swift\n let x = 1\n").hasPrefix("01-a.txt:2: one space before the text"))
  }

  @Test(arguments: [
    "Prose\n\n    a display\n    of two lines\n\n    and more\n\nProse\n",
    "- an item\n  goes on\n\n  with a second paragraph\n- another\n",
    "12. an item\n    goes on\n", "* an item\n  goes on\n",
    "Prose\n%% swift\n  print(1)\nProse at once\n%% output\n  1\n",
  ])
  func whatIsWellFormed(text: String) {
    #expect(complaint(text) == "nothing")
  }

  @Test func emptyLinesBelongToABodyOnlyBetweenItsLines() throws {
    let cells = try notebook("%% swift\n\n  let x = 1\n  \n  print(x)\n\n\n%% output\n  1").cells
    #expect(cells[0].body == ["", "let x = 1", "", "print(x)"])
    #expect(cells[0].range == 0..<5)
    #expect(cells[1].line == 8)
  }

  /// Whatever is done to a notebook, it is read or refused with a line that it has.
  @Test func mutations() {
    for seed in 0..<UInt64(300) { #expect(fuzz(seed: seed) == nil) }
  }

  /// The same for a minute: TEXTNOTEBOOK_FUZZ_SECONDS=60 swift test --filter manyMutations
  @Test(
    .enabled(if: ProcessInfo.processInfo.environment["TEXTNOTEBOOK_FUZZ_SECONDS"] != nil))
  func manyMutations() {
    let variable = ProcessInfo.processInfo.environment["TEXTNOTEBOOK_FUZZ_SECONDS"]
    let end = Date().addingTimeInterval(variable.flatMap(Double.init) ?? 0)
    var seed: UInt64 = 1 << 32
    while Date() < end {
      if let finding = fuzz(seed: seed) { Issue.record("seed \(seed): \(finding)") }
      seed += 1
    }
    print("mutated notebooks: \(seed - 1 << 32)")
  }

  /// - Returns: what is wrong with what became of one mutated notebook.
  private func fuzz(seed: UInt64) -> String? {
    var random = SeededGenerator(state: seed)
    let data = mutated(Data(sample.utf8), &random)
    let count = 1 + data.count { $0 == 0x0A }
    do {
      let notebook = try Notebook(data, name: "01-a.txt")
      guard Data(notebook.text.utf8) == data else { return "the text is not kept" }
      _ = NotebookCode.source(notebook, folder: "notebooks-txt")
      _ = NotebookPage(notebook) { _ in nil }.markdown
      _ = try JupyterNotebook(notebook) { _ in nil }.json()
      // Whatever its cells print, an update holds it, and is a notebook.
      let printed = RecordedText.lines(mutated(Data("1 0.5\nx\nloss 3\n".utf8), &random))
      let runs = notebook.steps.map { step in
        var run = StepRun(step: step)
        if step.cell.kind != .file { run.output = printed }
        return run
      }
      let review = NotebookReview(notebook, runs) { _ in nil }
      let updated = try Notebook(review.updatedText, name: "01-a.txt")
      let again = NotebookReview(
        updated,
        zip(updated.steps, runs).map { step, run in
          var again = StepRun(step: step)
          again.output = run.output
          return again
        }
      ) { _ in nil }
      return again.findings.contains(where: \.isWrong) ? "an update does not hold" : nil
    } catch let error as NotebookError {
      return (1...count).contains(error.line) ? nil : "\(error): there are \(count) lines"
    } catch {
      return "\(error)"
    }
  }

  /// Bytes changed, taken out, doubled, put in, and lines moved.
  private func mutated(_ data: Data, _ random: inout SeededGenerator) -> Data {
    let pieces = [
      "%%", "%% swift\n", "%% output\n", "\n", "  ", "\t", "\r\n", "$ ", "\\\n", "=", "[..]",
      "...\n",
      "\u{0}", "é", "\"\"\"", "#", "'", "1e-3", "-", ".", " ",
    ]
    var bytes = [UInt8](data)
    for _ in 0..<Int.random(in: 0...6, using: &random) where !bytes.isEmpty {
      let start = Int.random(in: 0..<bytes.count, using: &random)
      let end = min(bytes.count, start + Int.random(in: 0...20, using: &random))
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[start] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes.removeSubrange(start..<end)
      case 2: bytes.insert(contentsOf: bytes[start..<end], at: start)
      case 3: bytes.insert(contentsOf: pieces.randomElement(using: &random)!.utf8, at: start)
      default:
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        lines.swapAt(
          Int.random(in: 0..<lines.count, using: &random),
          Int.random(in: 0..<lines.count, using: &random))
        bytes = Array(lines.joined(separator: [0x0A]))
      }
    }
    return Data(bytes)
  }
}
