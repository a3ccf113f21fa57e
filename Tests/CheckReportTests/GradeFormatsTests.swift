import CheckReport
import Foundation
import GradientCheck
import Testing

@Suite struct GradeFormatsTests {
  private let submissions = Grades.record.submissions

  // MARK: Gradescope

  /// https://gradescope-autograders.readthedocs.io/en/latest/specs/
  private let gradescope = JSONShape.Kind.object(
    {
      let visibility = JSONShape.Kind.string(
        oneOf: ["hidden", "after_due_date", "after_published", "visible"])
      let format = JSONShape.Kind.string(oneOf: ["text", "html", "simple_format", "md", "ansi"])
      let test = JSONShape.Kind.object([
        "score": (.number(), true), "max_score": (.number(), false),
        "status": (.string(oneOf: ["passed", "failed"]), false), "name": (.string(), false),
        "name_format": (format, false), "number": (.string(), false), "output": (.string(), false),
        "output_format": (format, false), "tags": (.array(.string()), false),
        "visibility": (visibility, false), "extra_data": (.object([:]), false),
      ])
      return [
        "score": (.number(), false), "execution_time": (.number(), false),
        "output": (.string(), false), "output_format": (format, false),
        "test_output_format": (format, false), "test_name_format": (format, false),
        "visibility": (visibility, false), "stdout_visibility": (visibility, false),
        "extra_data": (.object([:]), false), "tests": (.array(test), true),
      ]
    }())

  @Test func gradescopesResultsAreAsItsSpecificationHasThem() throws {
    for submission in submissions {
      let json = try GradescopeResults(submission).json()
      #expect(JSONShape.flaws(json, gradescope) == [], "\(submission.name)")
    }
    let value = try object(GradescopeResults(Grades.mixed).json())
    let tests = try #require(value["tests"] as? [[String: Any]])
    #expect(value["score"] as? Double == 3 && tests.count == 5)
    #expect(tests.map { $0["number"] as? String } == ["1.1", "1.2", "2.1", "3.1", "4.1"])
    // What is shown once the grades are published is shown to the student.
    #expect(tests.allSatisfy { $0["visibility"] as? String == "visible" })
    #expect(
      !String(decoding: try GradescopeResults(Grades.mixed).json(), as: UTF8.self).contains(
        "SECRET"))
    #expect(tests.map { $0["score"] as? Double } == [3, 0, 0, 0, 0])
  }

  // MARK: GitHub Classroom

  /// What autograding-grading-reporter reads (src/main.js, console-results.js, notify-classroom.js), with what
  /// the published graders write.
  private let classroom = JSONShape.Kind.object(
    {
      let status = JSONShape.Kind.string(oneOf: ["pass", "fail", "error"])
      let test = JSONShape.Kind.object([
        "name": (.string(), true), "status": (status, true), "score": (.number(), true),
        "max_score": (.number(), false), "message": (.string(), false),
        "test_code": (.string(), false), "filename": (.string(), false),
        "line_no": (.integer, false), "duration": (.number(), false),
      ])
      return [
        "version": (.integer, true), "status": (status, true), "max_score": (.number(), true),
        "tests": (.array(test), true),
      ]
    }())

  @Test func classroomsReporterFindsWhatItAddsUp() throws {
    for submission in submissions {
      let json = try ClassroomResults(submission).json()
      #expect(JSONShape.flaws(json, classroom) == [], "\(submission.name)")
      #expect(submission.name == "bob" || !String(decoding: json, as: UTF8.self).contains("SECRET"))
    }
    let value = try object(ClassroomResults(Grades.mixed).json())
    let tests = try #require(value["tests"] as? [[String: Any]])
    #expect(value["status"] as? String == "fail" && value["max_score"] as? Double == 11)
    // As notify-classroom.js does.
    let scores: [Double] = tests.map { $0["score"] as? Double ?? .nan }
    #expect(scores.reduce(0, +) == 3)
    #expect(tests[3]["line_no"] as? Int == 12 && tests[3]["filename"] as? String == "A.swift")
    #expect(try object(ClassroomResults(Grades.all).json())["status"] as? String == "pass")
    #expect(try object(ClassroomResults(Grades.broken).json())["status"] as? String == "error")
  }

  /// Two files that do not compile, each in a check of its own, and the exercise behind a hidden one.
  @Test func eachCheckHasItsOwnLineAndAHiddenOneNone() throws {
    func error(_ file: String, _ line: Int) -> CompilerError {
      CompilerError(file: file, line: line, column: 1, message: "SECRET \(file)")
    }
    let errors = [
      error("A.swift", 1), error("B.swift", 2), error("Exercises/HiddenExercise.swift", 3),
      error("Exercises/HiddenExercise.swift", 4), error("Exercises/OtherExercise.swift", 5),
    ]
    let submission = SubmissionGrade(
      name: "ada",
      checks: [
        Grades.check("a", "x", .notCompiled, sentence: "\(errors[0])"),
        Grades.check("b", "x", .notCompiled, sentence: "\(errors[1])"),
        Grades.check("c", "x", .notCompiled, sentence: "\(errors[2])", isHidden: true),
        Grades.check("d", "x", .passed),
      ], compilerErrors: errors)
    let tests = try #require(
      try object(ClassroomResults(submission).json())["tests"] as? [[String: Any]])
    #expect(tests.map { $0["line_no"] as? Int } == [1, 2, 0, 0])
    #expect(tests.map { $0["filename"] as? String } == ["A.swift", "B.swift", "", ""])
    let one = GradeRecord(seed: 1, command: "", submissions: [submission])
    for text in [
      GradeText.text(one), GradeMarkdown.text(one), JUnitResults.text(one),
      String(decoding: try GradescopeResults(submission).json(), as: UTF8.self),
      String(decoding: try PrairieLearnResults(submission).json(), as: UTF8.self),
    ] {
      #expect(text.contains("A.swift:1:1") && text.contains("B.swift:2:1"), "\(text)")
      #expect(!text.contains("HiddenExercise") && !text.contains("OtherExercise"), "\(text)")
    }
  }

  // MARK: PrairieLearn

  /// docs/externalGrading.md, "Grading results".
  private let prairieLearn = JSONShape.Kind.object([
    "gradable": (.boolean, false), "score": (.number(0...1), false), "message": (.string(), false),
    "output": (.string(), false), "format_errors": (.array(.string()), false),
    "tests": (
      .array(
        .object([
          "name": (.string(), true), "description": (.string(), false),
          "points": (.number(), true), "max_points": (.number(), true),
          "message": (.string(), false), "output": (.string(), false),
        ])), false
    ),
  ])

  @Test func prairieLearnsResultsAreAsItsDocumentationHasThem() throws {
    for submission in submissions {
      let json = try PrairieLearnResults(submission).json()
      #expect(JSONShape.flaws(json, prairieLearn) == [], "\(submission.name)")
      let value = try object(json)
      // "If the submission is gradable, the result only has one mandatory field: score"
      #expect((value["gradable"] as? Bool == true) == (value["score"] != nil))
      #expect(!String(decoding: json, as: UTF8.self).contains("SECRET") && json.count < 1_000_000)
    }
    #expect(try object(PrairieLearnResults(Grades.mixed).json())["score"] as? Double == 3.0 / 11)
    let broken = try object(PrairieLearnResults(Grades.broken).json())
    #expect(broken["gradable"] as? Bool == false)
    #expect(
      (broken["format_errors"] as? [String])?.first?.hasPrefix("A.swift:12:5: error:") == true)
  }

  // MARK: JUnit

  @Test func junitIsValidByTheSchemaOfJenkins() throws {
    let text = JUnitResults.text(Grades.record)
    let schema = JUnitSchema(text)
    #expect(schema.flaws == [])
    #expect(schema.counts["testsuite"] == 4 && schema.counts["testcase"] == 10)
    #expect(schema.counts["failure"] == 3 && schema.counts["error"] == 4)
    #expect(schema.attributes[0]["failures"] == "3" && schema.attributes[0]["errors"] == "4")
    #expect(schema.attributes[1]["name"] == "ada & <co>" && !text.contains("SECRET"))
    // The holder of the schema has teeth.
    let wrong = JUnitSchema(text.replacing("<testcase name=", with: "<testcase nome="))
    #expect(wrong.flaws.contains("<testcase> has no name"))
    #expect(JUnitSchema("<testsuites><testcase name='x'/></testsuites>").flaws.count == 1)
  }

  @Test func theHoldersOfTheSchemasHaveTeeth() {
    let flaws = JSONShape.flaws(
      Data(#"{"score": true, "tests": [{"status": "ok", "extra": 1}]}"#.utf8), gradescope)
    #expect(
      flaws == [
        "$.score is no number", "$.tests[0].score is missing", "$.tests[0].extra is unknown",
        "$.tests[0].status is ok",
      ])
  }

  // MARK: Pages and tables

  @Test func markdownShowsWhatIsTheStudentsAndObeysNothingOfIt() {
    let page = GradeMarkdown.text(Grades.record)
    #expect(page.contains("## ada &amp; &lt;co&gt;: 3 of 11 points"))
    #expect(page.contains("| `a` | kernel | 3 | 3 | pass |"))
    #expect(!page.contains("SECRET") && page.contains("A.swift:12:5: error: cannot find 'x'"))
    #expect(GradeMarkdown.text(GradeRecord(seed: 1, command: "", submissions: [])) == "\n")
  }

  @Test func theTableForASpreadsheetHasOneLineForEach() {
    let lines = GradeCSV.text(Grades.record).components(separatedBy: "\r\n")
    #expect(lines.count == 6)
    #expect(
      lines[0]
        == "submission,points,max_points,a: kernel,a: bias,b: one,c: x,d: secret,remark")
    #expect(lines[1] == "ada & <co>,3,11,3,0,0,0,0,A.swift does not compile")
    #expect(lines[2] == "bob,5,5,3,2,,,,")
    #expect(lines[4] == "'=SUM(A1),0,2,0,,,,,could not be graded")
  }

  @Test func theTerminalSaysEverythingOfOneAndALineOfMany() {
    let one = GradeText.text(GradeRecord(seed: 1, command: "", submissions: [Grades.mixed]))
    for part in ["a: kernel", "3/3", "Total", "3/11", "B.swift is missing.", "FAIL  a: bias"] {
      #expect(one.contains(part), "\(part)")
    }
    #expect(!one.contains("SECRET"))
    let many = GradeText.text(Grades.record).split(separator: "\n")
    #expect(many.count == 5 && many[1].contains("3/11"))
  }

  // MARK: The record

  @Test func theRecordIsReadBackAsItWas() throws {
    #expect(try GradeRecord(json: Grades.record.json()) == Grades.record)
    #expect(Grades.record.verdict == .fail)
    func verdict(_ submissions: SubmissionGrade...) -> Verdict {
      GradeRecord(seed: 1, command: "", submissions: submissions).verdict
    }
    #expect(verdict(Grades.all) == .pass)
    #expect(verdict(Grades.all, Grades.ungraded) == .inconclusive)
    #expect(verdict(Grades.broken) == .fail)
  }

  @Test func partsOfARunAreMerged() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    func write(_ name: String, _ seed: UInt64, _ submissions: [SubmissionGrade]) throws {
      let part = folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: part, withIntermediateDirectories: true)
      try GradeRecord(seed: seed, command: "", submissions: submissions).json()
        .write(to: part.appendingPathComponent("grades.json"))
    }
    let results = ResultsFolder("parts", at: folder)
    try write("1", 7, [Grades.broken, Grades.mixed])
    try write("2", 7, [Grades.all, Grades.mixed])
    let merged = try #require(try results.grades(command: "merge"))
    #expect(merged.submissions == [Grades.mixed, Grades.all, Grades.broken])
    #expect(merged.seed == 7 && merged.command == "merge")
    try write("3", 8, [Grades.ungraded])
    #expect(throws: ResultsFolderError.self) { try results.grades(command: "merge") }
    let other = SubmissionGrade(name: "bob", checks: [Grades.check("a", "kernel", .failed)])
    try write("3", 7, [other])
    #expect(throws: ResultsFolderError.self) { try results.grades(command: "merge") }
  }

  private func object(_ json: Data) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
  }
}
