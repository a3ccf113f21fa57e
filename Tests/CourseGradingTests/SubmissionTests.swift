import Foundation
import Testing

@testable import CourseGrading

@Suite struct SubmissionTests {
  @Test func onlySwiftFilesOfLayersAreTaken() throws {
    let folder = try TemporaryFolder()
    try folder.write("a", to: "Sources/Layers/A.swift")
    try folder.write("x", to: "Sources/Layers/notes.txt")
    try folder.write("x", to: "Sources/Exercises/Exercises.swift")
    try folder.write("x", to: "Tests/LayersTests/Tests.swift")
    try folder.write("x", to: "Plugins/Evil/plugin.swift")
    try folder.write("x", to: "Package.swift")
    let submission = try Submission(name: "ada", at: folder.url)
    #expect(submission.files == ["A.swift": "a"] && submission.remarks.isEmpty)
  }

  @Test func looseFilesAndAFolderAroundThePackageWillDo() throws {
    let loose = try TemporaryFolder()
    try loose.write("a", to: "A.swift")
    try loose.write("x", to: "Package.swift")
    #expect(try Submission(name: "ada", at: loose.url).files == ["A.swift": "a"])
    let wrapped = try TemporaryFolder()
    try wrapped.write("a", to: "homework/Sources/Layers/A.swift")
    try wrapped.write("x", to: "__MACOSX/homework/._A.swift")
    #expect(try Submission(name: "ada", at: wrapped.url).files == ["A.swift": "a"])
  }

  @Test func linksAndWhatIsNoTextAreLeftBehindAndNamed() throws {
    let folder = try TemporaryFolder()
    try folder.write("secret", to: "secret.txt")
    try folder.write("a", to: "Sources/Layers/A.swift")
    try folder.write("print(1)", to: "Sources/Layers/main.swift")
    let layers = folder.url.appendingPathComponent("Sources/Layers")
    try FileManager.default.createSymbolicLink(
      at: layers.appendingPathComponent("Link.swift"),
      withDestinationURL: folder.url.appendingPathComponent("secret.txt"))
    try Data([0xFF, 0xFE, 0xFF]).write(to: layers.appendingPathComponent("Bytes.swift"))
    try Data(count: Submission.largestFile + 1).write(
      to: layers.appendingPathComponent("Large.swift"))
    #expect(mkfifo(layers.appendingPathComponent("Pipe.swift").path, 0o600) == 0)
    let submission = try Submission(name: "ada", at: folder.url)
    #expect(submission.files == ["A.swift": "a"])
    let remarks = submission.remarks.joined(separator: "\n")
    for name in ["Link", "Bytes", "Large", "Pipe", "main"] {
      #expect(remarks.contains("\(name).swift was left behind"), "\(remarks)")
    }
  }

  /// Wherever on the way to the files a link stands, what is behind it is another's.
  @Test(arguments: ["Sources", "Sources/Layers", "homework", "homework/Sources"])
  func aLinkToAnothersFolderEarnsNothing(_ link: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("a", to: "alice/Sources/Layers/A.swift")
    let eve = folder.url.appendingPathComponent("eve")
    let place = eve.appendingPathComponent(link)
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    // homework -> alice, homework/Sources -> alice/Sources, and so on.
    let target = "alice/" + link.replacing("homework/", with: "").replacing("homework", with: "")
    try FileManager.default.createSymbolicLink(
      at: place, withDestinationURL: folder.url.appendingPathComponent(target))
    #expect(throws: SubmissionError.self) { try Submission(name: "eve", at: eve) }
  }

  @Test func theFolderThatATeacherNamesMayBeALink() throws {
    let folder = try TemporaryFolder()
    try folder.write("a", to: "ada/A.swift")
    let link = folder.url.appendingPathComponent("link")
    try FileManager.default.createSymbolicLink(
      at: link, withDestinationURL: folder.url.appendingPathComponent("ada"))
    #expect(try Submission(name: "ada", at: link).files == ["A.swift": "a"])
  }

  /// A character may be as long as it likes, and what turns a line around is not shown.
  @Test func wordsAreCutByScalarsAndShownPlain() {
    #expect(excerpt("e" + String(repeating: "\u{301}", count: 1_000_000)).utf8.count < 200)
    #expect(excerpt("a\u{1B}[2Jb\u{9B}c\u{202E}d\u{2028}e\nf") == "a?[2Jb?c?d?e?f")
    #expect(excerpt("abc", 3) == "abc" && excerpt("abcd", 3) == "abc...")
  }

  @Test func aFolderWithoutAnswersSaysWhatIsMissing() throws {
    let folder = try TemporaryFolder()
    #expect(throws: SubmissionError.self) { try Submission(name: "ada", at: folder.url) }
    #expect(throws: SubmissionError.self) {
      try Submission(name: "ada", at: folder.url.appendingPathComponent("nowhere"))
    }
  }
}
