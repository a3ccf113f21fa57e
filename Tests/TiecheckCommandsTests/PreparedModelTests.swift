import Foundation
import Testing

@testable import TiecheckCommands

@Suite struct PreparedModelTests {
  private static let right = """
    {"layers": [{"type": "dense", "kernel": "W", "bias": "b", "activation": "tanh"},
                {"type": "dense", "kernel": "W", "transposed": true, "activation": "identity"}],
     "loss": "mean_squared_error", "input": [[0.3, 0.9], [0.5, 0.1]],
     "target": [[0.4, 0.8], [0.2, 0.3]],
     "parameters": {"W": [[0.7, -0.4, 0.2], [0.1, 0.6, -0.8]], "b": [0.2, -0.1, 0.3]}}
    """

  private func golden(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("TiedLayersTests/Golden/\(name).json").path
  }

  @Test(arguments: ["tied-5x5", "seed-shared-bias-5x5", "tied-6x4-sigmoid-bce", "untied-10x5-tanh"])
  func goldenNetworks(name: String) {
    let run = tiecheck("check --optimizers sgd,adam --model-file", golden(name))
    #expect(run.status == 0, "\(run.output)\(run.error)")
    #expect(run.output.contains(name))
  }

  @Test func standardInput() {
    let run = tiecheck("check --optimizers sgd --model-file -", input: Self.right)
    #expect(run.status == 0, "\(run.error)")
    #expect(run.output.contains("model from standard input"))
    expectRefusal(tiecheck("check --model-file -"), 65, ["on standard input", "not JSON"])
  }

  @Test(arguments: [
    ("{", "", "it is not JSON"),
    ("\"input\": [[0.3, 0.9], [0.5, 0.1]]", "\"input\": [[0.3], [0.5]]", "takes 2 inputs"),
    ("\"tanh\"", "\"tangens\"", "the activation \"tangens\"; expected one of"),
    ("\"transposed\": true, ", "", "takes 2 inputs"),
    (
      "\"transposed\": true,", "\"transposed\": true, \"bias\": \"b\",",
      "got a bias of length 3, expected 2"
    ),
    ("\"mean_squared_error\"", "\"hinge\"", "\"loss\" is \"hinge\""),
    ("[0.2, -0.1, 0.3]", "[1e999, 0, 0]", "b"),
  ])
  func badFiles(old: String, new: String, words: String) throws {
    let folder = try TemporaryFolder()
    let text = old == "{" ? String(Self.right.dropFirst()) : Self.right.replacing(old, with: new)
    let path = try folder.file("net.json", text)
    for command in ["check", "summary", "report -o \(folder("out"))"] {
      let run = tiecheck("\(command) --model-file", path)
      expectRefusal(run, 65, ["the model file net.json: "])
      #expect(words.split(separator: "|").contains { run.error.contains($0) }, "\(run.error)")
      #expect(!run.error.contains(folder.path))
    }
    #expect(try folder.names() == ["net.json"])
  }

  /// What a file names need not be in it: sizes alone must not end the process.
  @Test func sizesThatNoMemoryHoldsAreRefused() {
    let attention = """
      {"layers": [{"type": "attention", "query": "W", "key": "W", "value": "W", "output": "W",
                   "positions": 100000}], "loss": "mean_squared_error", "input": [[1], [2]],
       "target": [[1], [2]], "parameters": {"W": [[0.5]]}}
      """
    expectRefusal(
      tiecheck("check --model-file -", input: attention), 65,
      ["the model file", "would make about 4e+10 numbers of this batch"])
    let table = [String](repeating: "0.1", count: 9000).joined(separator: ",")
    let tokens = [String](repeating: "0", count: 9000).joined(separator: ",")
    let embedding = """
      {"layers": [{"type": "embedding", "kernel": "E"}], "loss": "mean_squared_error",
       "input": [[\(tokens)]], "target": [[1]], "parameters": {"E": [[\(table)]]}}
      """
    expectRefusal(
      tiecheck("summary --model-file -", input: embedding), 65, ["Use fewer rows"])
  }

  @Test func targetsThatAreNoProbabilitiesAreRefused() {
    let text = Self.right.replacing("mean_squared_error", with: "binary_cross_entropy")
      .replacing("\"identity\"", with: "\"sigmoid\"")
    #expect(tiecheck("check --optimizers sgd --model-file -", input: text).status == 0)
    expectRefusal(
      tiecheck(
        "check --model-file -", input: text.replacing("[0.2, 0.3]", with: "[2, 0.3]")), 65,
      ["\"target\" holds 2.0, and binary cross-entropy expects numbers in [0, 1]"])
  }

  @Test func aCommaTooManyIsNoJSON() {
    expectRefusal(
      tiecheck(
        "check --model-file -", input: Self.right.replacing("[0.5, 0.1]", with: "[0.5, 0.1,]")), 65,
      ["it is not JSON: a comma stands before a closing bracket"])
  }

  /// A number that fits a Double and no Float is the file's, and no fault of tiecheck's.
  @Test func numbersThatNoFloatHoldsAreSaid() {
    expectRefusal(
      tiecheck(
        "check --precision float --model-file -",
        input: Self.right.replacing("[0.4, 0.8]", with: "[1e200, 0.8]")), 65, ["Float"])
  }

  @Test func namesFromAFileMoveNoCursor() throws {
    let name = "W\\u001b[31m\\u202e\\nPASS"
    let text = Self.right.replacing("\"W\"", with: "\"\(name)\"")
      .replacing(
        "\"type\": \"dense\", \"kernel\": \"\(name)\", \"transposed\"",
        with: "\"type\": \"dense\", \"name\": \"\(name)\", \"kernel\": \"\(name)\", \"transposed\"")
    let folder = try TemporaryFolder()
    let path = try folder.file("a\u{1B}[2J\nb.json", text)
    for command in [
      "check --optimizers sgd", "summary", "report --optimizers sgd -o \(folder("r"))",
    ] {
      for terminal in [true, false] {
        let run = tiecheck(
          "\(command) --no-color --model-file", path, errorTerminal: terminal)
        #expect(run.status == 0, "\(run.error)")
        let said = (run.output + run.error).replacing("\u{1B}[K", with: "")
        #expect(!said.contains("\u{1B}") && !said.contains("\u{202E}"), "\(command)")
        #expect(!said.split(separator: "\n").contains { $0.hasPrefix("PASS,") }, "\(said)")
      }
    }
    let page = try folder.text("r/report.md")
    #expect(!page.contains("\u{1B}") && !page.contains("\u{202E}"))
    #expect(try folder.text("r/result.json").contains("\\u001b"))
    let missing = tiecheck("check --data", folder("none\u{1B}[2J\u{202E}.csv"))
    #expect(missing.status == 66 && !missing.error.contains("\u{1B}"))
    let wrong = tiecheck("check --model", "x\u{1B}[2J")
    #expect(wrong.status == 64 && !wrong.error.contains("\u{1B}"))
  }

  @Test func whyTheOriginalAnswerFails() throws {
    let folder = try TemporaryFolder()
    let rows = Array(
      repeating: "[" + Array(repeating: "0.1", count: 5).joined(separator: ",") + "]", count: 10)
    let input = "[[" + (1...10).map { "0.\($0)" }.joined(separator: ",") + "]]"
    let path = try folder.file(
      "ten-five.json",
      """
      {"layers": [{"type": "dense", "kernel": "W", "bias": "b"},
                  {"type": "dense", "kernel": "W", "transposed": true, "bias": "b"}],
       "loss": "mean_squared_error", "input": \(input), "target": \(input),
       "parameters": {"W": [\(rows.joined(separator: ","))], "b": [1, 2, 3, 4, 5]}}
      """)
    expectRefusal(
      tiecheck("check --model-file", path), 65,
      ["a bias of length 5", "expected 10", "fails as soon as it is not 5 -> 5"])
  }

  @Test func aLossThatIsNotFinite() {
    let text = Self.right.replacing("0.7, -0.4", with: "1e200, -1e200")
      .replacing("\"tanh\"", with: "\"identity\"")
    expectRefusal(
      tiecheck("check --model-file -", input: text), 65, ["expected a finite number"])
  }

  @Test func filesThatAreNotThere() throws {
    let folder = try TemporaryFolder()
    expectRefusal(
      tiecheck("check --model-file", folder("none.json")), 66, ["none.json does not exist"])
    expectRefusal(tiecheck("check --model-file", folder.path), 66, ["is a folder"])
  }

  @Test func faultsInFiles() throws {
    let run = tiecheck(
      "check --optimizers sgd --fault detached-copy --model-file -", input: Self.right)
    #expect(run.status == 1, "\(run.error)")
    #expect(run.output.contains("the contribution of layer2 is missing"))
    let untied = Self.right.replacing(
      "\"kernel\": \"W\", \"transposed\": true", with: "\"kernel\": \"V\""
    )
    .replacing("\"b\": [", with: "\"V\": [[1, 2], [3, 4], [5, 6]], \"b\": [")
    for fault in ["detached-copy", "stepped-twice"] {
      expectRefusal(
        tiecheck("check --fault \(fault) --model-file -", input: untied), 64,
        ["needs two uses of one kernel"])
    }
  }
}
