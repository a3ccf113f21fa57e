import Foundation
import Testing

@testable import CourseGrading

@Suite struct HiddenExercisesTests {
  private func read(_ folder: TemporaryFolder) throws -> [(path: String, text: String)] {
    try HiddenExercises.read("mine", at: folder.url)
  }

  @Test func theSwiftFilesOfThreeFoldersAreTaken() throws {
    let folder = try TemporaryFolder()
    for path in ["Sources/Exercises/B.swift", "Sources/Layers/A.swift", "Starter/A.swift"] {
      try folder.write(path, to: path)
    }
    try folder.write("no", to: "Sources/Exercises/notes.txt")
    try folder.write("no", to: "Tests/T.swift")
    let files = try read(folder)
    #expect(
      files.map(\.path)
        == ["Sources/Exercises/B.swift", "Sources/Layers/A.swift", "Starter/A.swift"])
    #expect(files.allSatisfy { $0.path == $0.text })
  }

  @Test func aFolderWithoutExercisesIsRefusedByName() throws {
    let folder = try TemporaryFolder()
    let empty = #expect(throws: GradingError.self) { try read(folder) }
    #expect("\(empty!)".contains("there are no exercises in mine"))
    let missing = #expect(throws: GradingError.self) {
      try HiddenExercises.read("mine", at: folder.url.appendingPathComponent("none"))
    }
    #expect("\(missing!)".contains("mine are no folder"))
  }

  @Test func aFileThatIsNoTextIsNamed() throws {
    let folder = try TemporaryFolder()
    try folder.write("x", to: "Starter/A.swift")
    let file = folder.url.appendingPathComponent("Starter/A.swift")
    try Data([0xFF, 0xFE, 0xFF]).write(to: file)
    let error = #expect(throws: GradingError.self) { try read(folder) }
    #expect("\(error!)".contains("mine/Starter/A.swift cannot be read"))
  }
}
