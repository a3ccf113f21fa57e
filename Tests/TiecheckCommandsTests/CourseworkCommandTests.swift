import CheckReport
import Foundation
import Testing

@testable import TiecheckCommands

@Suite struct CourseworkCommandTests {
  /// This checkout, which the tests are built in.
  private let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  private func files(_ folder: TemporaryFolder, _ name: String) -> [String] {
    (FileManager.default.subpaths(atPath: folder(name)) ?? []).filter { $0.hasSuffix(".swift") }
      .sorted()
  }

  @Test func aPackageWithExercisesTestsAndAReadme() throws {
    let folder = try TemporaryFolder()
    let run = tiecheck("coursework new --package \(checkout)", folder("course"))
    #expect(run.status == 0, "\(run.error)")
    #expect(run.data.isEmpty && run.error.contains("&& swift test"))
    #expect(try folder.names() == ["course"])
    #expect(
      try folder.names(in: "course") == [
        ".gitignore", "Package.swift", "README.md", "Sources", "Tests",
      ])
    #expect(try folder.names(in: "course/Sources") == ["Exercises", "Layers"])
    let layers = try folder.names(in: "course/Sources/Layers")
    #expect(layers.contains("NotSolved.swift") && layers.count == 6)
    #expect(try folder.text("course/Sources/Layers/SumRule.swift").contains("throw NotSolved"))
    #expect(try folder.text("course/Package.swift").contains("path: \"\(checkout)\""))
  }

  @Test func theTeachersHasTheSameFilesAndTheAnswers() throws {
    let folder = try TemporaryFolder()
    _ = tiecheck("coursework new --quiet --package \(checkout)", folder("course"))
    let run = tiecheck(
      "coursework new --solutions --quiet --package \(checkout)", folder("teacher"))
    #expect(run.error.isEmpty)
    #expect(files(folder, "course") == files(folder, "teacher"))
    for file in files(folder, "teacher") {
      let (student, teacher) = (
        try folder.text("course/\(file)"), try folder.text("teacher/\(file)")
      )
      let isAnswer = file.hasPrefix("Sources/Layers/") && !file.hasSuffix("NotSolved.swift")
      #expect((student == teacher) == !isAnswer, "\(file)")
      // What is given is the same: all of the file up to the place of the answer.
      #expect(!teacher.contains("throw NotSolved"), "\(file)")
    }
  }

  @Test func theDependencyIsAPathThatMovesAlongOrAnAddress() throws {
    func manifest(_ words: String) throws -> String {
      let folder = try TemporaryFolder()
      let run = tiecheck("coursework new --quiet \(words)", folder("course"))
      #expect(run.status == 0, "\(run.error)")
      return try folder.text("course/Package.swift")
    }
    // The tests are built in this checkout too: it is found without being named, by a relative path.
    let own = try manifest("")
    #expect(own.contains(".package(name: \"tiecheck\", path: \"../"))
    #expect(!own.contains("path: \"/"))
    let url = "https://example.org/people/gradients.git"
    let repository = try manifest("--package \(url)")
    #expect(
      repository.contains(
        ".package(url: \"\(url)\", from: \"\(CheckRecord.Tool.current.version)\")"))
    #expect(repository.contains(".product(name: \"Coursework\", package: \"gradients\")"))
    #expect(!repository.contains("package: \"tiecheck\""))
    let branch = try manifest("--package \(url) --branch main")
    #expect(branch.contains(".package(url: \"\(url)\", branch: \"main\")"))
  }

  @Test func aRelativePathIsToldFromTheNewFolder() {
    let relative = CourseworkCommand.New.relative
    func path(_ text: String) -> URL { URL(fileURLWithPath: text, isDirectory: true) }
    #expect(relative(path("/a/b/tiecheck"), path("/a/c/d")) == "../../b/tiecheck")
    #expect(relative(path("/a/b"), path("/a/b/course")) == "..")
    #expect(relative(path("/a/b"), path("/a/b")) == ".")
  }

  @Test func nobodysWorkIsOverwritten() throws {
    let folder = try TemporaryFolder()
    _ = try folder.file("file", "")
    for path in [folder("file"), folder.path] {
      expectRefusal(
        tiecheck("coursework new --package \(checkout)", path), 73, ["is there already"])
    }
    expectRefusal(
      tiecheck("coursework new --package \(checkout)", folder("no/course")), 73,
      ["does not exist"])
    expectRefusal(
      tiecheck("coursework new --package \(folder.path)", folder("course")), 66,
      ["is no checkout of tiecheck"])
    expectRefusal(
      tiecheck("coursework new --branch main", folder("course")), 64, ["--package https://"])
    #expect(try folder.names() == ["file"])
    // An empty folder is as good as none.
    try FileManager.default.createDirectory(
      atPath: folder("empty"), withIntermediateDirectories: false)
    #expect(tiecheck("coursework new --package \(checkout)", folder("empty")).status == 0)
  }

  @Test func theReadmeAndTheTestsCountThePointsAlike() throws {
    let files = CoursePackage.files(.starter, dependency: .path(".."))
    let readme = try #require(files.first { $0.path == "README.md" }).text
    var total = 0
    for row in readme.matches(of: /\| \d\. ([a-z-]+): .* \| (\w+)\.swift \| (\d) \|/) {
      let (id, file, points) = (row.output.1, row.output.2, Int(row.output.3)!)
      let tests = files.first { $0.path == "Tests/LayersTests/\(file)Tests.swift" }?.text ?? ""
      #expect(tests.contains("\(id), \(points) points\")"))
      let single: [Int] = tests.matches(of: /, (\d) points?"\) func/).map { Int($0.output.1)! }
      let sum: Int = single.reduce(0, +)
      #expect(sum == points)
      total += points
    }
    #expect(total == 20)
  }
}
