import CheckReport
import Foundation
import Testing

@testable import TiecheckCommands

@Suite struct GradeCommandTests {
  private func grade(_ name: String, _ outcome: CheckGrade.Outcome) -> SubmissionGrade {
    SubmissionGrade(
      name: name,
      checks: [
        CheckGrade(
          exercise: "a", title: "A", check: "kernel", outcome: outcome, points: 2, sentence: "said")
      ])
  }

  private func write(_ folder: TemporaryFolder, _ part: String, _ grades: [SubmissionGrade]) throws
  {
    try FileManager.default.createDirectory(
      atPath: folder("results/\(part)"), withIntermediateDirectories: true)
    let record = GradeRecord(seed: 1, command: "tiecheck grade", submissions: grades)
    _ = try folder.file(
      "results/\(part)/grades.json", String(decoding: record.json(), as: UTF8.self))
  }

  // MARK: The command line

  @Test(arguments: [
    ("grade", "name the packages"),
    ("grade a --from b", "does not go with packages"),
    ("grade a b --format gradescope", "name a folder with -o"),
    ("grade a --shard 3/2", "such as 1/4 up to 4/4"),
    ("grade a --shard x", "such as 1/4 up to 4/4"),
    ("grade a --shard 1/2", "--shard needs --seed"),
    ("grade a --jobs 0", "from 1 to 256"),
    ("grade a --memory-limit 1", "from 64 to"),
    ("grade a --time-limit -1", "seconds above 0"),
  ])
  func whatCannotBeGradedIsSaid(_ words: String, _ sentence: String) {
    let run = tiecheck(words)
    #expect(run.status == 64 && run.data.isEmpty)
    #expect(run.error.contains(sentence), "\(run.error)")
  }

  @Test func aFolderOfHiddenExercisesMustHoldSome() throws {
    let folder = try TemporaryFolder()
    let missing = tiecheck("grade a --hidden", folder("nowhere"))
    #expect(missing.status == 66, "\(missing.error)")
    let empty = tiecheck("grade a --hidden", folder.path)
    #expect(empty.status == 65 && empty.error.contains("Sources/Exercises/*.swift"))
    let package = tiecheck("grade a --package", folder.path)
    #expect(package.status == 66 && package.error.contains("no checkout"))
  }

  // MARK: The package

  @Test func theTeachersPackageHasTheSolutionsAndNothingOfTheTests() {
    let files = CoursePackage.grading(dependency: .path("up"))
    let paths = files.map(\.path)
    #expect(paths == paths.sorted() && Set(paths).count == paths.count)
    #expect(paths.contains("Package.swift") && paths.contains("Sources/Answer/main.swift"))
    #expect(paths.allSatisfy { !$0.hasPrefix("Tests") })
    #expect(files.first { $0.path == "Package.swift" }!.text.contains("path: \"up\""))
    let solution = files.first { $0.path == "Sources/Layers/SumRule.swift" }!.text
    let handedOut = CoursePackage.handedOut()
    #expect(!solution.contains("throw NotSolved"))
    #expect(handedOut["SumRule.swift"]!.contains("throw NotSolved") && handedOut.count == 6)
  }

  @Test func aTeachersOwnIsLaidOverIt() {
    let hidden = [
      (path: "Sources/Exercises/Exercises.swift", text: "list"),
      (path: "Sources/Exercises/Hidden.swift", text: "more"),
      (path: "Starter/SumRule.swift", text: "begin"),
    ]
    let files = CoursePackage.grading(dependency: .path("up"), hidden: hidden)
    #expect(files.first { $0.path == "Sources/Exercises/Exercises.swift" }!.text == "list")
    #expect(files.contains { $0.path == "Sources/Exercises/Hidden.swift" })
    #expect(!files.contains { $0.path.hasPrefix("Starter") })
    #expect(CoursePackage.handedOut(hidden)["SumRule.swift"] == "begin")
  }

  // MARK: Grades that are there already

  @Test func partsAreMergedByGradeAndByReport() throws {
    let folder = try TemporaryFolder()
    try write(folder, "1", [grade("eve", .failed)])
    try write(folder, "2", [grade("ada", .passed)])
    let text = tiecheck("grade --from", folder("results"))
    #expect(text.status == 1)
    #expect(text.output.split(separator: "\n").map { $0.prefix(3) } == ["Sub", "ada", "eve"])
    let csv = tiecheck("grade --format csv --from", folder("results"))
    #expect(csv.output.contains("ada,2,2,2,\r\n"))
    let report = tiecheck("report --from", folder("results"), "-o", folder("report"))
    #expect(report.status == 1 && report.error.contains("2 submissions graded"))
    #expect(try folder.names(in: "report") == ["grades.csv", "grades.json", "grades.md"])
    let page = tiecheck("report -o - --from", folder("results"))
    #expect(page.output.contains("# Grades"))
  }

  @Test func aFormatOfOneWritesAFileForEach() throws {
    let folder = try TemporaryFolder()
    try write(folder, "1", [grade("a/b", .passed), grade("a-b", .passed)])
    let refused = tiecheck("grade --format gradescope --from", folder("results"))
    #expect(refused.status == 64)
    let run = tiecheck(
      "grade --format gradescope --from", folder("results"), "-o", folder("scores"))
    #expect(run.status == 0, "\(run.error)")
    #expect(try folder.names(in: "scores") == ["a-b-2.json", "a-b.json"])
  }

  @Test func aFolderWithoutGradesIsNoResult() throws {
    let folder = try TemporaryFolder()
    let run = tiecheck("grade --from", folder.path)
    #expect(run.status == 65 && run.error.contains("there are no grades"))
  }
}
