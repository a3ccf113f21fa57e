import Foundation
import Testing

@testable import TextNotebook

@Suite struct CompiledNotebookTests {
  private struct Refusal: Error, CustomStringConvertible {
    let description = "no"
  }

  private let environment = NotebookEnvironment(searchPath: []) { words, folder, write in
    write(Data("\(words.joined(separator: " ")) in \(folder.lastPathComponent.prefix(9))\n".utf8))
    return words.first == "fail" ? 1 : 0
  }

  private func run(
    _ text: String, body: @escaping @Sendable (NotebookShell) async throws -> Void
  ) async throws -> [StepRun] {
    try await CompiledNotebook(name: "01-a.txt", text: text + "\n", body: body).run(in: environment)
  }

  private let three = "%% swift\n  a\n%% swift\n  b\n%% swift\n  c"

  @Test func eachCellHasItsOwnOutput() async throws {
    let runs = try await run(three) { shell in
      shell.begin(0)
      NotebookShell.print(["a", 1], " ", "\n")
      shell.begin(1)
      shell.begin(2)
      await Task { NotebookShell.print(["c"], " ", "") }.value
      NotebookShell.print(["d"], " ", "\n")
    }
    #expect(runs.map(\.output) == [["a 1"], [], ["cd"]])
    #expect(runs.allSatisfy { $0.outcome == .ran })
  }

  @Test func aCellThatThrowsFailsAloneAndThoseBelowAreNotRun() async throws {
    let runs = try await run(three) { shell in
      shell.begin(0)
      shell.begin(1)
      NotebookShell.print(["before"], " ", "\n")
      throw Refusal()
    }
    #expect(
      runs.map(\.outcome) == [
        .ran, .failed("no"), .notRun("the cell of line 3 failed before it"),
      ])
    #expect(runs[1].output == ["before"])
  }

  @Test func aCellThatReturnsFailsThoseBelow() async throws {
    let runs = try await run(three) { shell in shell.begin(0) }
    #expect(runs[0].outcome == .ran)
    #expect(runs[1].outcome == .failed("a cell above returned, so that this one never ran."))
  }

  @Test func oneThatCannotBeReadSaysSoWhenItIsAskedFor() async throws {
    let error = NotebookError(notebook: "12-a.txt", line: 3, sentence: "no cell")
    let compiled = CompiledNotebook(unreadable: error)
    #expect(compiled.name == "12-a.txt")
    #expect(throws: error) { try compiled.notebook() }
    await #expect(throws: error) { try await compiled.run(in: environment) }
  }

  @Test func commandLinesAndTheirStatus() async throws {
    let runs = try await run("%% tiecheck\n  $ tiecheck a b\n  $ tiecheck fail") { shell in
      try await shell.tiecheck(0)
    }
    #expect(runs[0].output == ["a b in notebook-", "fail in notebook-", "(exit status 1)"])
  }

  @Test func whatIsNotHereIsSaid() async throws {
    let runs = try await run("%% tiecheck needs=nothing-like-it\n  $ tiecheck a\n%% swift\n  b") {
      shell in
      try await shell.tiecheck(0)
      shell.begin(1)
    }
    #expect(runs.map(\.outcome) == [.notRun("nothing-like-it is not on PATH"), .ran])
  }

  @Test func filesStandInAFolderThatIsGoneAfterwards() async throws {
    let seen = Locked("")
    let runs = try await run("%% file name=a.txt\n  x\n\n  y\n%% swift\n  read") { shell in
      try shell.file(0)
      shell.begin(1)
      seen.set(shell.folder.path)
      let data = try NotebookShell.contents(ofFile: "a.txt")
      NotebookShell.print([String(decoding: data, as: UTF8.self)], "", "")
      _ = try NotebookShell.contents(ofFile: "b.txt")
    }
    #expect(runs[1].output == ["x", "", "y"])
    #expect(
      runs[1].outcome
        == .failed(
          "file(\"b.txt\"): there is no such file. A file cell or a command line above writes it."))
    #expect(!seen.value.isEmpty && !FileManager.default.fileExists(atPath: seen.value))
  }

  @Test func picturesHaveTheNotebooksNumber() async throws {
    let runs = try await run("%% swift\n  a") { shell in
      shell.begin(0)
      try shell.picture("curve.svg", "<svg/>")
    }
    #expect(runs[0].pictures == [NotebookPicture(name: "01-curve.svg", svg: "<svg/>")])
    #expect(runs[0].output == ["picture 01-curve.svg"])
  }

  @Test(arguments: ["a.png", ".svg", "../a.svg", "a/b.svg", "a b.svg"])
  func picturesWithOtherNamesAreRefused(name: String) async throws {
    let runs = try await run("%% swift\n  a") { shell in
      shell.begin(0)
      try shell.picture(name, "<svg/>")
    }
    guard case .failed(let why) = runs[0].outcome else {
      Issue.record("\(runs[0].outcome)")
      return
    }
    #expect(why.contains("expected the plain name of an SVG file"))
  }

  @Test func twoPicturesOfOneNameAreRefused() async throws {
    let runs = try await run(three) { shell in
      shell.begin(0)
      try shell.picture("a.svg", "<svg/>")
      shell.begin(1)
      try shell.picture("a.svg", "<p/>")
    }
    #expect(
      runs[1].outcome
        == .failed(
          "picture(\"a.svg\"): the notebook has made a picture of this name. Choose another."))
  }

  @Test func aCellThatPrintsWithoutEndIsStopped() async throws {
    let runs = try await run(three) { shell in
      shell.begin(0)
      for _ in 0..<1100 { shell.write(String(repeating: "x", count: 1000)) }
      shell.begin(1)
      shell.begin(2)
    }
    #expect(runs.map(\.outcome) == [.failed("the cell prints more than 1 MiB."), .ran, .ran])
  }

  @Test func theWatcherSeesEachStepBeginAndEnd() async throws {
    let seen = Locked("")
    _ = try await CompiledNotebook(name: "01-a.txt", text: three + "\n") { shell in
      shell.begin(0)
      shell.write("x\n")
      shell.begin(1)
    }.run(
      in: environment,
      watcher: NotebookWatcher(
        onBegin: { step in seen.change { $0 += "begin \(step.number) " } },
        onEnd: { run in seen.change { $0 += "end \(run.step.number) \(run.output.count) " } }))
    #expect(seen.value == "begin 0 end 0 1 begin 1 end 1 0 ")
  }
}

/// A value that several tasks may reach.
private final class Locked<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var stored: Value

  init(_ value: Value) { stored = value }
  var value: Value { lock.withLock { stored } }
  func set(_ value: Value) { lock.withLock { stored = value } }
  func change(_ body: (inout Value) -> Void) { lock.withLock { body(&stored) } }
}
