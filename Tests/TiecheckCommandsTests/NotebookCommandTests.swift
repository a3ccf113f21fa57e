import Foundation
import Testing
import TextNotebook

@testable import TiecheckCommands

@Suite struct NotebookCommandTests {
  private static let text = """
    # 01 A lesson

    %% swift
      print("one")
    %% output
      one

    %% tiecheck
      $ tiecheck summary --model original
    %% output
      ...
      Total parameters: 35 [..]

    """

  /// A folder like the repository's, with the notebook "01-lesson.txt".
  private struct Repository {
    let folder: TemporaryFolder
    let path: String

    init(_ text: String = NotebookCommandTests.text) throws {
      folder = try TemporaryFolder()
      for name in ["notebooks-txt", "Sources", "Sources/Lessons"] {
        try FileManager.default.createDirectory(
          atPath: folder(name), withIntermediateDirectories: false)
      }
      _ = try folder.file("Package.swift", "")
      path = try folder.file("notebooks-txt/01-lesson.txt", text)
    }

    var url: URL { URL(fileURLWithPath: folder.path) }
    var text: String { get throws { try folder.text("notebooks-txt/01-lesson.txt") } }

    /// Runs in a program that has the notebook in it; `cell` stands for its Swift.
    func run(
      _ words: String, color: Bool = false,
      cell: @escaping @Sendable (NotebookShell) throws -> Void
    ) async throws -> CommandLineRun {
      let streams = Streams()
      let console = Console(
        output: { streams.append($0, to: \.output) }, error: { streams.append($0, to: \.error) },
        isOutputTerminal: color, folder: url)
      let notebook = CompiledNotebook(name: "01-lesson.txt", text: try text) { shell in
        shell.begin(0)
        try cell(shell)
        try await shell.tiecheck(1)
      }
      let status = await Tiecheck.run(
        ["notebook"] + words.split(separator: " ").map(String.init), notebooks: [notebook],
        console: console)
      return CommandLineRun(
        status: status, data: streams.output, error: String(decoding: streams.error, as: UTF8.self))
    }
  }

  // MARK: list and show

  @Test func listNamesNotebooksAndTitles() throws {
    let repository = try Repository()
    _ = try repository.folder.file("notebooks-txt/02-b.txt", "Second\n")
    let run = tiecheck("notebook list", folder: repository.url)
    #expect(run.output == "01-lesson  01 A lesson\n02-b       Second\n")
    #expect(run.status == 0)
  }

  @Test func showIsTheTextItself() throws {
    let repository = try Repository()
    for name in ["01", "01-lesson", "01-lesson.txt", "notebooks-txt/01-lesson.txt"] {
      let run = tiecheck("notebook show \(name)", folder: repository.url)
      #expect(run.output == Self.text && run.status == 0, "\(name): \(run.error)")
    }
    let inner = repository.url.appendingPathComponent("Sources")
    #expect(tiecheck("notebook show 01", folder: inner).output == Self.text)
    #expect(tiecheck("notebook show", repository.path).output == Self.text)
    #expect(tiecheck("notebook show -", input: Self.text).output == Self.text)
  }

  @Test func showInColourIsTheSameText() throws {
    let repository = try Repository()
    func show(_ words: String, _ environment: [String: String] = [:]) -> String {
      tiecheck(
        "notebook show 01 \(words)", outputTerminal: true, environment: environment,
        folder: repository.url
      ).output
    }
    let colored = show("")
    #expect(colored.contains("\u{1B}["))
    #expect(colored.replacing(/\u{1B}\[\d+m/, with: "") == Self.text)
    #expect(show("--no-color") == Self.text && show("", ["NO_COLOR": "1"]) == Self.text)
  }

  @Test func aPageHasItsPicturesBesideIt() throws {
    let repository = try Repository("%% swift\n  print(1)\n%% output\n  picture 01-a.svg\n")
    _ = try repository.folder.file("notebooks-txt/01-a.svg", "<svg/>")
    try FileManager.default.createDirectory(
      atPath: repository.folder("site"), withIntermediateDirectories: false)
    let run = tiecheck(
      "notebook show 01 --format markdown -o site/page.md", folder: repository.url)
    #expect(run.status == 0 && run.output.isEmpty)
    #expect(try repository.folder.text("site/page.md").contains("![01-a.svg](01-a.svg)"))
    #expect(try repository.folder.text("site/01-a.svg") == "<svg/>")
    let json = tiecheck("notebook show 01 --format ipynb", folder: repository.url)
    #expect(json.output.contains("\"image/svg+xml\" : \"<svg/>\""))
  }

  // MARK: run, verify, update

  @Test func runShowsWhatIsPrintedNow() async throws {
    let repository = try Repository()
    let run = try await repository.run("run 01") { $0.write("two\n") }
    #expect(run.status == 0)
    #expect(run.output.hasPrefix("01-lesson.txt:3 swift\n  two\n01-lesson.txt:8 tiecheck\n  Layer"))
    #expect(run.error.contains("1 of 2 cells print something else"))
    #expect(try repository.text == Self.text)
  }

  @Test func runSavesPictures() async throws {
    let repository = try Repository()
    let run = try await repository.run("run") { shell in
      shell.write("one\n")
      try shell.picture("a.svg", "<svg/>")
    }
    #expect(run.status == 0 && run.error.hasPrefix("saved notebooks-txt/01-a.svg\n"))
    #expect(try repository.folder.names(in: "notebooks-txt") == ["01-a.svg", "01-lesson.txt"])
  }

  @Test func verifySaysWhatDiffersAndWhere() async throws {
    let repository = try Repository()
    let right = try await repository.run("verify 01") { $0.write("one\n") }
    #expect(right.status == 0 && right.output == "01-lesson.txt: 2 cells, as written\n")
    let wrong = try await repository.run("verify 01") { $0.write("onf\n") }
    #expect(wrong.status == 1)
    #expect(
      wrong.output == """
        01-lesson.txt:6: the cell of line 3 prints something else.
          - one
          + onf
              ^
        01-lesson.txt: 2 cells, 1 not as written

        """)
    #expect(try repository.text == Self.text)
  }

  @Test func updateWritesOnlyWhatDiffers() async throws {
    let repository = try Repository()
    let same = try await repository.run("update") { $0.write("one\n") }
    #expect(same.status == 0 && same.output == "01-lesson.txt: nothing to rewrite\n")
    let run = try await repository.run("update") { $0.write("two\n") }
    #expect(run.status == 0)
    #expect(run.output == "01-lesson.txt:6: output rewritten\n01-lesson.txt: written\n")
    #expect(try repository.text == Self.text.replacing("  one\n", with: "  two\n"))
    #expect(try repository.folder.names(in: "notebooks-txt") == ["01-lesson.txt"])
  }

  @Test func aCellThatThrowsIsNamedWithItsLine() async throws {
    struct Refusal: Error {}
    let repository = try Repository()
    for command in ["verify", "update"] {
      let run = try await repository.run(command) { _ in throw Refusal() }
      #expect(run.status == 1)
      #expect(run.output.hasPrefix("01-lesson.txt:3: the cell failed: Refusal()"))
      #expect(run.output.contains("01-lesson.txt:8: not run: the cell of line 3 failed before it"))
    }
    let run = try await repository.run("run") { _ in throw Refusal() }
    #expect(run.status == 1 && run.output.contains("  failed: Refusal()\n"))
    #expect(try repository.text == Self.text)
  }

  @Test func differencesAreColouredOnATerminal() async throws {
    let repository = try Repository()
    let run = try await repository.run("verify", color: true) { $0.write("two\n") }
    #expect(run.output.contains("\u{1B}[31m  - one\u{1B}[0m\n\u{1B}[32m  + two\u{1B}[0m\n"))
    let plain = try await repository.run("verify --no-color", color: true) { $0.write("two\n") }
    #expect(!plain.output.contains("\u{1B}"))
  }

  @Test func aNotebookThatChangedSinceItWasCompiled() async throws {
    let repository = try Repository(Self.text.replacing("one", with: "two"))
    let status = await Tiecheck.run(
      ["notebook", "verify"],
      notebooks: [CompiledNotebook(name: "01-lesson.txt", text: Self.text) { _ in }],
      console: Console(output: { _ in }, error: { _ in }, folder: repository.url))
    #expect(status == 65)
  }

  @Test func anEditMadeMeanwhileIsKept() async throws {
    for (printed, status) in [("one\n", 0), ("two\n", 65)] as [(String, Int32)] {
      let repository = try Repository()
      let (path, edited) = (repository.path, Self.text + "Edited.\n")
      let run = try await repository.run("update") { shell in
        shell.write(printed)
        try edited.write(toFile: path, atomically: true, encoding: .utf8)
      }
      #expect(run.status == status, "\(run.error)")
      #expect(try repository.text == edited)
    }
  }

  @Test func aPictureIsRewrittenWhereVerifyWouldFindItAnother() async throws {
    let repository = try Repository(
      "%% swift\n  a\n%% output rtol=1e-3\n  picture 01-a.svg\n\n"
        + "%% tiecheck\n  $ tiecheck summary --model original\n")
    // A number within the tolerance, one outside, and no picture at all.
    for (saved, now) in [("x 1.0001", "x 1.0001"), ("x 1.01", "x 1"), (nil, "x 1")]
      as [(String?, String)]
    {
      let path = repository.folder("notebooks-txt/01-a.svg")
      try? FileManager.default.removeItem(atPath: path)
      if let saved { _ = try repository.folder.file("notebooks-txt/01-a.svg", saved) }
      _ = try await repository.run("run --quiet") { try $0.picture("a.svg", "x 1") }
      #expect(try repository.folder.text("notebooks-txt/01-a.svg") == now)
    }
  }

  // MARK: one of several

  /// A compiler that does nothing, and a program that crashes at 01, as at an unwrapped nil, and names
  /// the others.
  @Test func oneThatCrashesStopsNoOther() throws {
    let repository = try Repository()
    for name in ["02-b", "03-c"] {
      _ = try repository.folder.file("notebooks-txt/\(name).txt", "Title\n")
    }
    for folder in ["bin", ".build", ".build/debug"] {
      try FileManager.default.createDirectory(
        atPath: repository.folder(folder), withIntermediateDirectories: false)
    }
    for (name, script) in [
      ("bin/swift", ""),
      (
        ".build/debug/notebook-runner",
        "case $2 in 01*) kill -ILL $$;; 03*) echo $*; exit 65;; *) echo $*;; esac"
      ),
    ] {
      let path = try repository.folder.file(name, "#!/bin/sh\n\(script)\n")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }
    func run(_ words: String) -> CommandLineRun {
      tiecheck(
        "notebook \(words)", environment: ["PATH": repository.folder("bin")],
        folder: repository.url)
    }
    let all = run("verify --quiet")
    #expect(all.output == "verify 02-b.txt --quiet\nverify 03-c.txt --quiet\n")
    #expect(
      all.error.hasPrefix("Error: 01-lesson.txt: the program that runs the notebooks has crashed"))
    #expect(all.status == 65)
    #expect(run("run 01 02").status == 1)

    // Nor does one that cannot be read; nothing is started for it.
    _ = try repository.folder.file("notebooks-txt/03-c.txt", "%% python\n  x\n")
    let rest = run("run 02 03")
    #expect(rest.output == "run 02-b.txt\n" && rest.status == 65)
    #expect(rest.error.hasPrefix("Error: 03-c.txt:1: "), "\(rest.error)")
  }

  @Test func oneThatCannotBeReadIsListed() throws {
    let repository = try Repository()
    _ = try repository.folder.file("notebooks-txt/12-broken.txt", "%% python\n  x\n")
    _ = try repository.folder.file("notebooks-txt/13 b.txt", "Title\n")
    let run = tiecheck("notebook list", folder: repository.url)
    #expect(
      run.output == """
        01-lesson  01 A lesson
        12-broken  (cannot be read)
        13 b       (cannot be read)

        """)
    #expect(run.error.contains("Error: 12-broken.txt:1: "), "\(run.error)")
    #expect(run.error.contains("13 b.txt:1: a notebook's file name"), "\(run.error)")
    #expect(run.status == 65)
  }

  // MARK: what cannot be done

  @Test func outsideOfTheRepository() throws {
    let folder = try TemporaryFolder()
    let url = URL(fileURLWithPath: folder.path)
    for command in ["list", "show 01", "run 01", "verify", "update"] {
      expectRefusal(
        tiecheck("notebook \(command)", folder: url), 66,
        ["no notebooks here", "Clone the repository"])
    }
  }

  @Test func notebooksThatAreNotThere() throws {
    let repository = try Repository()
    _ = try repository.folder.file("notebooks-txt/01-other.txt", "x\n")
    expectRefusal(
      tiecheck("notebook run 07", folder: repository.url), 64,
      ["no notebook \"07\"", "01-lesson.txt, 01-other.txt"])
    expectRefusal(
      tiecheck("notebook verify 01", folder: repository.url), 64,
      ["\"01\" could be 01-lesson.txt or 01-other.txt"])
    let other = try repository.folder.file("01-lesson.txt", Self.text)
    expectRefusal(
      tiecheck("notebook run", other, folder: repository.url), 64, ["is not in the folder"])
    expectRefusal(
      tiecheck("notebook show no/such.txt", folder: repository.url), 66, ["does not exist"])
  }

  @Test func aMalformedNotebookIsRefusedBeforeAnythingIsBuilt() throws {
    let repository = try Repository("Title\n%% python\n  x\n")
    for command in ["show 01", "run 01", "verify 01", "update 01", "update"] {
      expectRefusal(
        tiecheck("notebook \(command)", folder: repository.url), 65, ["01-lesson.txt:2: "])
    }
  }

  @Test func withoutACompiler() throws {
    let repository = try Repository()
    expectRefusal(
      tiecheck("notebook run 01", environment: ["PATH": ""], folder: repository.url), 66,
      ["there is no 'swift' on PATH"])
  }
}
