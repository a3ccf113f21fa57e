import ArgumentParser
import CheckReport
import CourseGrading
import Foundation

/// `tiecheck grade`.
struct GradeCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "grade", abstract: "Grade students' course packages.",
    discussion: """
      Only the Swift files in Sources/Layers of each package are taken, and compiled into a package of \
      the teacher's, so a manifest, plugins or tests of the student's have no say. The judge is never in \
      the student's process: that one answers questions for gradients and steps over a pipe, within \
      limits of time and memory, and everything it is compared with is computed elsewhere, at points that \
      depend on a seed. It is drawn anew for each run, so that nobody knows the second point before; with \
      --seed a run is repeated. What is not answered counts for nothing, however the process ended. A file that \
      does not compile costs the points of its own exercise.

      The student's program runs with your rights all the same. It can read and change what you can: other \
      students' submissions, results, this checkout. It can use the network, fill the disk and end your \
      processes; --sandbox starts it within something that prevents that, and on a machine where it matters \
      that, or a container, belongs in front. All submissions are read before the first of these programs \
      runs, and a changed build folder is noticed and made anew. A gradient that was itself found by finite differences, with a \
      small enough error, passes: it is right.

      --hidden DIR: a folder laid over the course package of 'coursework new --solutions'. \
      DIR/Sources/Exercises/*.swift adds exercises and replaces those of the same file name (put new ones \
      into the list in Exercises.swift; isHidden: true keeps from students what a check found), \
      DIR/Sources/Layers/*.swift adds solutions, DIR/Starter/*.swift what was handed out, where it is not \
      the course's.

      Many at once: tiecheck grade submissions/* --jobs 4 --results grades. On several machines \
      --shard 1/4 up to 4/4 and the same --seed, and then 'tiecheck report --from FOLDER' or 'grade --from FOLDER' of all \
      their results. The formats gradescope, classroom and prairielearn have room for one submission: \
      with several, -o names a folder, and each has a file in it. GitHub Classroom's reporter wants its \
      result in base64.

      The first run compiles everything and takes minutes; later ones a few seconds for each submission. \
      Exit status: 0 all have all points, 1 some have not, 2 some could not be graded.
      """)

  @Argument(
    help: ArgumentHelp("The students' packages.", valueName: "path"), transform: OptionValue.path)
  var paths: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Grade nothing: take the grades that earlier runs left in this folder.", valueName: "folder"),
    transform: OptionValue.path)
  var from: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Further exercises of the teacher's.", valueName: "dir"),
    transform: OptionValue.path)
  var hidden: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Of the points at which is asked (default: drawn at random, and told in grades.json).",
      valueName: "n"), transform: OptionValue.seed)
  var seed: UInt64?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How many submissions are graded at a time.", valueName: "n"),
    transform: OptionValue.jobs)
  var jobs = 1

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only the i-th of every n submissions.", valueName: "i/n"),
    transform: OptionValue.shard)
  var shard: Shard?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("For one check of one submission.", valueName: "seconds"),
    transform: OptionValue.seconds)
  var timeLimit = 60.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("For compiling one submission, once.", valueName: "seconds"),
    transform: OptionValue.seconds)
  var compileLimit = 300.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Address space of a student's process.", valueName: "mib"),
    transform: OptionValue.mebibytes)
  var memoryLimit = 2048

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "A program, with its arguments, that starts students' programs.", valueName: "command"),
    transform: OptionValue.command)
  var sandbox: [String]?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Where submissions are compiled (default: in your cache folder).", valueName: "folder"),
    transform: OptionValue.path)
  var buildFolder: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The checkout of tiecheck to compile against (default: the one this program was built in).",
      valueName: "path"), transform: OptionValue.path)
  var package: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Also leave grades.json, grades.csv and grades.md in this folder.", valueName: "folder"),
    transform: OptionValue.path)
  var results: String?

  @Option(help: "How the grades are written.")
  var format: GradeFormat = .text

  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: ArgumentHelp("Where they are written; '-' is standard output.", valueName: "path"),
    transform: OptionValue.path)
  var output = "-"

  @Flag(help: "Say nothing on standard error unless something is wrong.")
  var quiet = false

  func validate() throws {
    guard paths.isEmpty != (from == nil) else {
      throw ValidationError(
        from == nil
          ? "name the packages that are to be graded, such as: tiecheck grade submissions/*"
          : "--from takes grades that are there already: it does not go with packages.")
    }
    guard shard == nil || seed != nil else {
      throw ValidationError(
        "--shard needs --seed, the same for all parts: otherwise each draws one of its own.")
    }
    if format.isOfOne, output == "-", paths.count > 1 {
      throw ValidationError(
        "--format \(format.rawValue) has room for one submission: with several, name a folder with -o."
      )
    }
  }

  func execute() throws -> ExitStatus {
    let folder = try results.map(ReportFolder.init)
    // Only while students' programs run is there anybody to watch.
    let place =
      from == nil ? results.map { Console.current.url($0).resolvingSymlinksInPath() } : nil
    let before = place.map { FolderState($0) }
    let record = try from.map(earlier) ?? grade(results: folder)
    let strange =
      place.map { place in
        FolderState(place).changes(since: before!, in: place).filter {
          !GradeRecord.fileNames.contains($0)
        }
      } ?? []
    if let folder { try folder.write(record.files()) }
    try write(record)
    if !strange.isEmpty {
      Console.current.say(
        "Files in \(results!) came, went or changed while students' programs ran, and not by tiecheck: "
          + strange.prefix(10).joined(separator: ", ")
          + ". What tiecheck writes is in grades.json, grades.csv and grades.md; look at the others before "
          + "results are merged, and who wrote them.")
    }
    return ExitStatus(record.verdict)
  }

  private func earlier(_ from: String) throws -> GradeRecord {
    let command = CommandText.joined(["tiecheck", "grade", "--from", from])
    let folder = ResultsFolder(from, at: Console.current.url(from))
    guard let record = try folder.grades(command: command) else {
      throw CommandError(
        .badInput, "there are no grades in \(from). 'tiecheck grade --results \(from)' leaves some."
      )
    }
    return record
  }

  // MARK: Writing

  private func write(_ record: GradeRecord) throws {
    guard format.isOfOne,
      record.submissions.count != 1 || OutputFile.isFolder(Console.current.url(output))
    else {
      let data = try format.data(record)
      return output == "-"
        ? try Console.current.write(data) : try OutputFile.write(data, to: output)
    }
    guard output != "-" else {
      throw CommandError(
        .usage,
        "--format \(format.rawValue) has room for one submission, and these are "
          + "\(record.submissions.count): name a folder with -o.")
    }
    try ReportFolder(output).write(record.filesOfOne(format))
  }

  // MARK: Grading

  /// - Parameter results: where grades are left as they come, for a student's program may end this one.
  private func grade(results: ReportFolder?) throws -> GradeRecord {
    // No larger than what every reader of JSON keeps all digits of.
    let seed = seed ?? UInt64.random(in: 1 << 32..<1 << 53)
    let named = NamedSubmission.all(paths, at: Console.current.url)
    let submissions = shard?.part(of: named) ?? named
    var arguments = ["--seed", "\(seed)"]
    if let hidden { arguments += ["--hidden", hidden] }
    if let shard { arguments += ["--shard", "\(shard.number)/\(shard.count)"] }
    let command = CommandText.joined(["tiecheck", "grade"] + arguments + paths)
    guard !submissions.isEmpty else {
      return GradeRecord(seed: seed, command: command, submissions: [])
    }
    let hidden =
      try self.hidden.map {
        try HiddenExercises.read($0, at: Console.current.url($0))
      } ?? []
    let template = CoursePackage.grading(dependency: try dependency(), hidden: hidden)
    var limits = AnswerLimits()
    limits.seconds = timeLimit
    limits.memory = memoryLimit << 20
    limits.wrapper = sandbox ?? []
    var building = BuildSlot.Limits()
    building.submission = compileLimit
    let cache = buildFolder.map { Console.current.url($0) } ?? Self.cache
    let run = GradingRun(
      template: template, starter: CoursePackage.handedOut(hidden), cache: cache, seed: seed,
      building: building, limits: limits)
    let interrupt = Interrupt(startsPrograms: true)
    interrupt.ends { run.watch.end() }
    interrupt.watch { run.watch.end() }
    defer { withExtendedLifetime(interrupt) {} }
    do {
      let grades = try run.grade(
        submissions, jobs: jobs,
        report: self.report(to: results, of: submissions.count, seed: seed, command: command))
      return GradeRecord(seed: seed, command: command, submissions: grades)
    } catch {
      interrupt.awaitEnd()
      throw error
    }
  }

  /// What is done with each grade as it comes: a line on a terminal, and the record of all so far, because a
  /// student's program may end this one.
  private func report(
    to results: ReportFolder?, of count: Int, seed: UInt64, command: String
  ) -> @Sendable ([SubmissionGrade]) -> Void {
    let console = Console.current
    let isShown = console.isErrorTerminal && !quiet
    return { finished in
      let record = GradeRecord(seed: seed, command: command, submissions: finished)
      if let results { try? results.write([record.recordFile()]) }
      guard isShown, let grade = finished.last else { return }
      console.say(
        "\(finished.count)/\(count) \(grade.name): \(grade.points)/\(grade.maximum)")
    }
  }

  private static var cache: URL {
    (FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first
      ?? FileManager.default.temporaryDirectory).appendingPathComponent("tiecheck/grade")
  }

  private func dependency() throws -> CoursePackage.Dependency {
    if let package {
      let url = Console.current.url(package).standardizedFileURL
      guard CourseworkCommand.New.isCheckout(url) else {
        throw CommandError(
          .noInput,
          "\(package) is no checkout of tiecheck: expected a folder with its Package.swift in it.")
      }
      return .path(url.path)
    }
    guard let checkout = CourseworkCommand.New.checkout else {
      throw CommandError(
        .usage,
        "this tiecheck does not stand in its own checkout, which students' code is compiled against. "
          + "Say where one is: --package PATH.")
    }
    return .path(checkout.path)
  }
}
