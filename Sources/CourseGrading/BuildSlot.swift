import CheckReport
import Foundation
import ModelPipe

/// A folder in which submissions are compiled, one after the other, so that only what a student wrote is
/// compiled anew: the teacher's package with the student's files in its Sources/Layers.
///
/// A slot belongs to one run of one job at a time. It stands at a fixed place, because a build folder
/// that moves begins from nothing.
///
/// A student's program can change the build folder. That is looked for when the program has ended, and what was
/// changed is not built on; where a run was ended before it could look, the next one finds `mark`, and takes
/// the folder for changed. (A student who knows this can remove the mark, and end the run.)
package final class BuildSlot {
  /// Seconds and bytes that compiling may take.
  package struct Limits: Sendable {
    /// For the teacher's package and everything it depends on.
    package var preparation = 3600.0
    /// For one submission.
    package var submission = 300.0
    /// Bytes of address space of each process of the compiler's.
    package var memory = 8 << 30
    /// What compiles, in the package's folder, for the shell.
    /// An expression that takes the type checker longer than ten seconds is an error of its line, and not the end
    /// of the time for everything.
    var command =
      "swift build --product answer -Xswiftc -Xfrontend -Xswiftc -solver-expression-time-threshold=10"

    package init() {}
  }

  package enum Outcome {
    /// The program that answers.
    case built(URL)
    case failed([CompilerError], summary: String)
    /// It was stopped, and no file is known to be to blame.
    case outOfTime(seconds: Double)
  }

  static let layers = "Sources/Layers/"

  /// The package's files by their path in it; those in Sources/Layers are the solutions.
  private let template: [(path: String, text: String)]
  private let folder: URL
  private let limits: Limits
  private let lock: Int32
  /// What the build left, when nothing of the student's had run yet.
  private var state: FolderState?
  /// A student's program has changed the build folder, or may have.
  private var isSpoiled = false

  /// The package, and where students' programs start.
  var package: URL { folder.appendingPathComponent("package") }
  var scratch: URL { folder.appendingPathComponent("run") }
  /// Is there while a student's program runs that has been compiled here.
  var mark: URL { folder.appendingPathComponent("student") }

  /// Takes the first free slot of a folder.
  /// - Throws: `GradingError`.
  package init(in cache: URL, template: [(path: String, text: String)], limits: Limits = Limits())
    throws
  {
    self.template = template
    self.limits = limits
    var number = 1
    while true {
      let folder = cache.appendingPathComponent("slot-\(number)")
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      } catch {
        throw GradingError.noFolder(cache.path)
      }
      let lock = open(
        folder.appendingPathComponent("lock").path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard lock >= 0 else { throw GradingError.noFolder(cache.path) }
      if flock(lock, LOCK_EX | LOCK_NB) == 0 {
        self.folder = folder
        self.lock = lock
        isSpoiled = FileManager.default.fileExists(atPath: mark.path)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        where name.hasPrefix(Self.spoiled) {
          Self.remove(folder.appendingPathComponent(name))
        }
        return
      }
      close(lock)
      number += 1
      guard number <= 1000 else { throw GradingError.noFolder(cache.path) }
    }
  }

  deinit { close(lock) }

  /// Compiles everything that does not depend on a submission, with the solutions.
  /// - Returns: the program that answers with them, to be given to `withdraw` before a student's program runs.
  /// - Throws: `GradingError` where the teacher's own package does not compile.
  func prepare(_ watch: ProcessWatch) throws -> SolutionsProgram {
    switch try build(solutions, within: limits.preparation, watch) {
    case .built(let program): return try SolutionsProgram(program)
    case .outOfTime(let seconds):
      throw GradingError.teacherDoesNotCompile(Self.sentence(outOfTime: seconds))
    case .failed(let errors, let summary):
      throw GradingError.teacherDoesNotCompile(
        errors.isEmpty ? summary : errors.prefix(5).map(\.description).joined(separator: "\n"))
    }
  }

  /// Leaves neither the solutions' text in the slot nor the name of the program that answers with them: while this
  /// slot waits, a student's program may run in another.
  /// - Throws: `GradingError`.
  func withdraw(_ solutions: SolutionsProgram) throws {
    try solutions.hide()
    try install([:])
  }

  private var solutions: [String: String] {
    Dictionary(
      template.filter { $0.path.hasPrefix(Self.layers) }
        .map { (String($0.path.dropFirst(Self.layers.count)), $0.text) },
      uniquingKeysWith: { $1 })
  }

  /// Compiles a student's files.
  /// - Parameter files: all of Sources/Layers.
  package func build(_ files: [String: String], _ watch: ProcessWatch) throws -> Outcome {
    let outcome = try build(files, within: limits.submission, watch)
    if case .built = outcome, !FileManager.default.createFile(atPath: mark.path, contents: nil) {
      throw GradingError.noFolder(folder.path)
    }
    return outcome
  }

  private func build(
    _ files: [String: String], within seconds: Double, _ watch: ProcessWatch
  ) throws -> Outcome {
    state = nil
    if isSpoiled {
      try discard(package)
      isSpoiled = false
      try? FileManager.default.removeItem(at: mark)
    }
    try install(files)
    let program = package.appendingPathComponent(".build/debug/answer")
    // What an earlier submission left must never answer for this one.
    try? FileManager.default.removeItem(at: program)
    // The shell waits for a line, and answers with one when it is done: a build is asked like anything
    // else, within limits that kill.
    let script = "read go; \(limits.command) > ../build.log 2>&1 < /dev/null; echo $?"
    let status: String
    do {
      let process = try ChildProcess(
        ["/bin/sh", "-c", script], folder: package.path,
        limits: .init(message: seconds, total: seconds, memory: limits.memory))
      status = try watch.during(process) {
        defer { process.end() }
        return String(decoding: try process.exchange(Data("go".utf8)), as: UTF8.self)
      }
    } catch ChildProcessError.silent, ChildProcessError.overTime {
      return .outOfTime(seconds: seconds)
    }
    guard status == "0", FileManager.default.isExecutableFile(atPath: program.path) else {
      let log = Self.read(folder.appendingPathComponent("build.log"))
      return .failed(
        SubmissionCompileErrors.errors(in: log),
        summary: SubmissionCompileErrors.summary(of: log, without: package.path))
    }
    state = FolderState(package)
    return .built(program.resolvingSymlinksInPath())
  }

  static func sentence(outOfTime seconds: Double) -> String {
    "compiling was not done after \(NumberInSentence.short(seconds)) s and was stopped."
  }

  private static func read(_ log: URL) -> String {
    guard let handle = try? FileHandle(forReadingFrom: log) else { return "" }
    defer { try? handle.close() }
    return String(decoding: (try? handle.read(upToCount: 4 << 20)) ?? Data(), as: UTF8.self)
  }

  /// Makes Sources/Layers what it should be, and everything else too. What is as it should be is not touched,
  /// so that it is not compiled again.
  private func install(_ layers: [String: String]) throws {
    var wanted = Dictionary(
      template.filter { !$0.path.hasPrefix(Self.layers) }.map { ($0.path, $0.text) },
      uniquingKeysWith: { $1 })
    for (name, text) in layers { wanted[Self.layers + name] = text }
    let files = FileManager.default
    do {
      for path in files.subpaths(atPath: package.appendingPathComponent("Sources").path) ?? []
      where path.hasSuffix(".swift") && wanted["Sources/\(path)"] == nil {
        try files.removeItem(at: package.appendingPathComponent("Sources/\(path)"))
      }
      for (path, text) in wanted {
        let file = package.appendingPathComponent(path)
        let data = Data(text.utf8)
        if (try? Data(contentsOf: file)) == data { continue }
        try files.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file, options: .atomic)
      }
    } catch {
      throw GradingError.noFolder(folder.path)
    }
  }

  /// Whether the student's program that was compiled last, and has ended, has changed anything in the build
  /// folder. Then everything is made anew before the next is compiled, so that none is compiled with what it
  /// left.
  func isTamperedWith() -> Bool {
    guard let state, FolderState(package) != state else {
      if !isSpoiled { try? FileManager.default.removeItem(at: mark) }
      return false
    }
    self.state = nil
    isSpoiled = true
    return true
  }

  private static let spoiled = "spoiled-"

  /// Takes a folder out of the way. A name can be changed where nothing in the folder may be removed.
  func discard(_ url: URL) throws {
    var kind = stat()
    guard lstat(url.path, &kind) == 0 else { return }
    let spoiled = folder.appendingPathComponent(Self.spoiled + UUID().uuidString)
    chmod(folder.path, 0o700)
    guard rename(url.path, spoiled.path) == 0 else { throw GradingError.noFolder(folder.path) }
    Self.remove(spoiled)
  }

  /// Removes a folder in which a student's program may have taken the right to do so from its owner.
  private static func remove(_ url: URL) {
    let files = FileManager.default
    if (try? files.removeItem(at: url)) != nil { return }
    var folders = [url]
    while let folder = folders.popLast() {
      var kind = stat()
      guard lstat(folder.path, &kind) == 0, kind.st_mode & S_IFMT == S_IFDIR else { continue }
      chmod(folder.path, 0o700)
      let names = (try? files.contentsOfDirectory(atPath: folder.path)) ?? []
      folders += names.map { folder.appendingPathComponent($0) }
    }
    try? files.removeItem(at: url)
  }
}
