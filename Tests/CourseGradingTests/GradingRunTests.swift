import CheckReport
import Foundation
import Testing

@testable import CourseGrading

/// A course in which a submission is a shell script, so that compiling it is copying it. The solutions are the
/// program that answers for a small course.
private struct Workshop {
  let folder: TemporaryFolder
  /// The program that answers rightly, for scripts that want to.
  let answer: String
  var jobs = 1
  var compile = 60.0
  var limits = AnswerLimits()
  /// What happens before each compilation, for the shell.
  var disturbance = ""

  init() throws {
    folder = try TemporaryFolder()
    let products =
      Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent() }
      + [URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()]
    let found = products.map { $0.appendingPathComponent("small-course").path }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
    answer = try #require(found)
  }

  var cache: URL { folder.url.appendingPathComponent("cache") }
  var slot: URL { cache.appendingPathComponent("slot-1") }

  /// Grades scripts, by name.
  func grade(_ scripts: [(name: String, script: String)]) throws -> [SubmissionGrade] {
    for (name, script) in scripts {
      try folder.write(script, to: "submissions/\(name)/Sources/Layers/Answer.swift")
    }
    var building = BuildSlot.Limits()
    building.submission = compile
    building.command = """
      (\(disturbance)
      mkdir -p .build/debug && cp kept .build/object && \
      if grep -qx 'the solutions' Sources/Layers/Answer.swift; then cp '\(answer)' .build/debug/answer; \
      else cp Sources/Layers/Answer.swift .build/debug/answer; fi && chmod 755 .build/debug/answer)
      """
    let run = GradingRun(
      template: [("Sources/Layers/Answer.swift", "the solutions"), ("kept", "kept")],
      starter: ["Answer.swift": "#!/bin/sh\nexit 1"], cache: cache, seed: 5, building: building,
      limits: limits)
    return try run.grade(
      scripts.map { script in
        NamedSubmission(
          name: script.name, folder: folder.url.appendingPathComponent("submissions/\(script.name)")
        )
      }, jobs: jobs, report: { _ in })
  }

  func grade(_ script: String) throws -> SubmissionGrade { try grade([("eve", script)])[0] }

  /// A script that answers rightly, after it has done something.
  func right(after deed: String = ":") -> String {
    "#!/bin/sh\n(\(deed)) >&2\nexec '\(answer)' \"$@\""
  }
}

@Suite(.serialized) struct GradingRunTests {
  private let all = 3

  @Test func aSubmissionIsGradedInAProcessOfItsOwn() throws {
    let workshop = try Workshop()
    // The last says what it was given, which is no more than it needs.
    let grades = try workshop.grade([
      ("ada", workshop.right()), ("bob", "#!/bin/sh\nexit 0"),
      ("eve", "#!/bin/sh\necho \"$# $(ls -A | wc -l)\" >&2\nexit 3"),
    ])
    #expect(grades.map(\.name) == ["ada", "bob", "eve"])
    #expect(grades.map(\.points) == [all, 0, 0])
    #expect(grades[2].checks.allSatisfy { $0.message.contains("    3 0\n") })
    #expect(
      !FileManager.default.fileExists(atPath: workshop.slot.appendingPathComponent("student").path))
  }

  #if os(Linux)
    /// What it is told is there for all to read; what it says, and where it was started from, is not.
    @Test func theOneThatAnswersForTheTeacherIsSealed() throws {
      let spy = """
        #!/bin/sh
        cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' \
          | grep -ao 'square gradient 5 sealed' | sort -u >&2
        exit 3
        """
      let grade = try Workshop().grade(spy)
      #expect(grade.checks[0].message.contains("    square gradient 5 sealed\n"), "\(grade)")
    }

    /// Whose program has no name by then.
    @Test func theOneThatAnswersForTheTeacherIsStartedAgain() throws {
      let workshop = try Workshop()
      let deed = """
        for p in /proc/[0-9]*; do
          grep -qa 'square.gradient.5.sealed' $p/cmdline && grep -q "^PPid:.$PPID$" $p/status \
            && kill -9 ${p#/proc/}
        done 2>/dev/null
        """
      let grades = try workshop.grade([
        ("eve", workshop.right(after: deed)), ("ada", workshop.right()),
      ])
      #expect(grades.map { $0.checks[0].outcome } == [.notGraded, .passed])
    }
  #endif

  /// Everywhere in the slots, and as what runs.
  @Test(arguments: [1, 2])
  func theProgramWithTheSolutionsIsNowhereToBeFound(jobs: Int) throws {
    var workshop = try Workshop()
    workshop.jobs = jobs
    let thief = """
      #!/bin/sh
      for f in $(find '\(workshop.cache.path)' -name 'answer*' -type f); do
        cmp -s "$f" '\(workshop.answer)' && exec "$f" "$@"
      done
      grep -rlqx 'the sol[u]tions' '\(workshop.cache.path)' && exec '\(workshop.answer)' "$@"
      exit 1
      """
    let grades = try workshop.grade([("eve", thief), ("mallory", thief)])
    #expect(grades.map(\.points) == [0, 0])
  }

  /// A file that the compiler never comes to the end of costs what stands in it, and is named.
  @Test func aFileThatCompilesForEverIsNamed() throws {
    var workshop = try Workshop()
    workshop.compile = 2
    workshop.disturbance = "grep -q BOMB Sources/Layers/*.swift && sleep 30;"
    let grades = try workshop.grade([("eve", "BOMB"), ("ada", workshop.right())])
    #expect(grades[0].checks.allSatisfy { $0.outcome == .notCompiled })
    #expect(grades[0].compilerErrors.map(\.file) == ["Answer.swift"])
    #expect(
      grades[0].checks[0].sentence.contains("compiling was not done after 2 s"),
      "\(grades[0].checks[0].sentence)")
    #expect(grades[1].points == grades[1].maximum)
  }

  /// What a submission does to the folder it was built in, or to its own, is no other's.
  @Test(arguments: [
    "echo spoiled > ../package/kept", "echo spoiled > ../package/.build/object",
    "echo spoiled > ../package/.build/object; chmod 555 ../package/.build ../package",
    "rm -rf ../package; ln -s / ../package",
  ])
  func aChangedBuildFolderIsNotBuiltOn(_ deed: String) throws {
    let workshop = try Workshop()
    let grades = try workshop.grade([
      ("eve", workshop.right(after: deed)), ("ada", workshop.right()),
    ])
    #expect(grades[0].remarks.contains { $0.contains("changed files in the build folder") })
    #expect(grades[1].remarks.isEmpty && grades[1].points == all)
    let object = workshop.slot.appendingPathComponent("package/.build/object")
    #expect(try String(contentsOf: object, encoding: .utf8) == "kept")
    let left = try FileManager.default.contentsOfDirectory(atPath: workshop.slot.path)
    #expect(!left.contains { $0.hasPrefix("spoiled") })
  }

  @Test func aFolderIsMadeAnewAfterARunThatCouldNotLook() throws {
    let workshop = try Workshop()
    _ = try workshop.grade(workshop.right())
    let stray = workshop.slot.appendingPathComponent("package/stray")
    try Data().write(to: stray)
    _ = try workshop.grade(workshop.right())
    #expect(FileManager.default.fileExists(atPath: stray.path))
    try Data().write(to: workshop.slot.appendingPathComponent("student"))
    _ = try workshop.grade(workshop.right())
    #expect(!FileManager.default.fileExists(atPath: stray.path))
  }

  @Test func aSubmissionThatWaitsCannotBeChanged() throws {
    let workshop = try Workshop()
    let other = workshop.folder.url.appendingPathComponent("submissions/ada").path
    let grades = try workshop.grade([
      ("eve", workshop.right(after: "echo exit > '\(other)/Sources/Layers/Answer.swift'")),
      ("ada", workshop.right()),
    ])
    #expect(grades.map(\.points) == [all, all])
  }

  /// No line of a submission's is to blame for a disk that is full: it is not graded, which costs nothing.
  @Test func aMachineThatCannotCompileCostsNobodyPoints() throws {
    var workshop = try Workshop()
    // After the preparation: once, or from then on.
    let full = workshop.folder.url.appendingPathComponent("full").path
    let count = workshop.folder.url.appendingPathComponent("count").path
    workshop.disturbance = """
      echo >> '\(count)'; n=$(wc -l < '\(count)')
      test $n -eq 2 && exit 1; test $n -gt 2 && test -e '\(full)' && exit 1
      """
    let once = try workshop.grade(workshop.right())
    #expect(once.points == all && once.checks.allSatisfy { $0.outcome == .passed })
    try Data().write(to: URL(fileURLWithPath: full))
    try FileManager.default.removeItem(atPath: count)
    let ever = try workshop.grade(workshop.right())
    #expect(ever.checks.allSatisfy { $0.outcome == .notGraded })
  }

  /// Fifty, of which some crash, loop or want more memory than there is.
  @Test func twoJobsGradeAsOneAndNobodyIsHarmedByOthers() throws {
    var workshop = try Workshop()
    workshop.jobs = 2
    workshop.limits.seconds = 5
    workshop.limits.memory = 256 << 20
    let scripts = (0..<50).map { i in
      switch i {
      case 7: "#!/bin/sh\nwhile :; do :; done"
      case 8: "#!/bin/sh\nhead -c 300000000 /dev/zero | tail | wc -c >&2; exit 3"
      case _ where i % 10 == 5: "#!/bin/sh\nkill -9 $$"
      default: workshop.right()
      }
    }
    let grades = try workshop.grade(scripts.enumerated().map { ("s\($0)", $1) })
    for (i, grade) in grades.enumerated() {
      #expect(grade.name == "s\(i)")
      #expect(grade.points == (i == 7 || i == 8 || i % 10 == 5 ? 0 : all), "\(grade)")
    }
    #expect(grades[8].checks[0].message.contains("    0\n"), "\(grades[8])")
  }
}
