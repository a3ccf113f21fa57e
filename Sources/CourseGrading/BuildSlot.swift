import CheckReport
import Foundation
import ModelPipe

/// A folder in which submissions are compiled, one after the other, so that only what a student wrote is
/// compiled anew: the teacher's package with the student's files in its Sources/Layers.
///
/// A slot belongs to one run of one job at a time. It stands at a fixed place, because a build folder
/// that moves begins from nothing.
public final class BuildSlot {
  /// Seconds and bytes that compiling may take.
  public struct Limits: Sendable {
    /// For the teacher's package and everything it depends on.
    public var preparation = 3600.0
    /// For one submission.
    public var submission = 300.0
    /// Bytes of address space of each process of the compiler's.
    public var memory = 8 << 30

    public init() {}
  }

  public enum Outcome {
    /// The program that answers.
    case built(URL)
    case failed([CompilerError], summary: String)
  }

  static let layers = "Sources/Layers/"

  /// The package's files by their path in it; those in Sources/Layers are the solutions.
  private let template: [(path: String, text: String)]
  private let folder: URL
  private let limits: Limits
  private let lock: Int32
  /// What the build left, when nothing of the student's had run yet.
  private var state: FolderState?

  /// The package, and where students' programs start.
  var package: URL { folder.appendingPathComponent("package") }
  var scratch: URL { folder.appendingPathComponent("run") }
  /// Holds the program that answers with the solutions, out of the way of every build.
  var teacher: URL { folder.appendingPathComponent("teacher") }

  /// Takes the first free slot of a folder.
  /// - Throws: `GradingError`.
  public init(in cache: URL, template: [(path: String, text: String)], limits: Limits = Limits())
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
        return
      }
      close(lock)
      number += 1
      guard number <= 1000 else { throw GradingError.noFolder(cache.path) }
    }
  }

  deinit { close(lock) }

  /// Compiles everything that does not depend on a submission, with the solutions.
  /// - Returns: the program that answers with them, in the build folder.
  /// - Throws: `GradingError` where the teacher's own package does not compile.
  @discardableResult
  func prepare(_ watch: ProcessWatch) throws -> URL {
    switch try build(solutions, within: limits.preparation, watch) {
    case .built(let program): return program
    case .failed(let errors, let summary):
      throw GradingError.teacherDoesNotCompile(
        errors.isEmpty ? summary : errors.prefix(5).map(\.description).joined(separator: "\n"))
    }
  }

  /// Puts the program that answers with the solutions where no build puts anything.
  func keep(_ program: URL) throws -> URL {
    let copy = teacher.appendingPathComponent("answer")
    do {
      try? FileManager.default.removeItem(at: teacher)
      try FileManager.default.createDirectory(at: teacher, withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: program, to: copy)
    } catch {
      throw GradingError.noFolder(folder.path)
    }
    return copy
  }

  private var solutions: [String: String] {
    Dictionary(
      template.filter { $0.path.hasPrefix(Self.layers) }
        .map { (String($0.path.dropFirst(Self.layers.count)), $0.text) },
      uniquingKeysWith: { $1 })
  }

  /// Compiles a student's files.
  /// - Parameter files: all of Sources/Layers.
  public func build(_ files: [String: String], _ watch: ProcessWatch) throws -> Outcome {
    try build(files, within: limits.submission, watch)
  }

  private func build(
    _ files: [String: String], within seconds: Double, _ watch: ProcessWatch
  ) throws -> Outcome {
    state = nil
    try install(files)
    let program = package.appendingPathComponent(".build/debug/answer")
    // What an earlier submission left must never answer for this one.
    try? FileManager.default.removeItem(at: program)
    // The shell waits for a line, and answers with one when it is done: a build is asked like anything
    // else, within limits that kill.
    let script = "read go; swift build --product answer > ../build.log 2>&1 < /dev/null; echo $?"
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
      return .failed(
        [], summary: "compiling was not done after \(NumberWords.short(seconds)) s and was stopped."
      )
    }
    guard status == "0", FileManager.default.isExecutableFile(atPath: program.path) else {
      let log = Self.read(folder.appendingPathComponent("build.log"))
      return .failed(
        CompilerMessages.errors(in: log),
        summary: CompilerMessages.summary(of: log, without: package.path))
    }
    state = FolderState(package)
    return .built(program.resolvingSymlinksInPath())
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

  /// Whether a student's program has changed anything in the build folder. Then everything is thrown away, so
  /// that no later submission is compiled with what it left.
  func isTamperedWith() -> Bool {
    guard let state, FolderState(package) != state else { return false }
    try? FileManager.default.removeItem(at: package)
    self.state = nil
    return true
  }

  /// Starts a program that answers, in an empty folder, with as little around it as will do.
  func answerer(
    _ program: URL, _ arguments: [String], _ limits: AnswerLimits, _ watch: ProcessWatch
  ) throws -> (answerer: Judge.Answerer, process: ChildProcess) {
    let files = FileManager.default
    try? files.removeItem(at: scratch)
    try? files.createDirectory(at: scratch, withIntermediateDirectories: true)
    let words = LastWords(without: package.path)
    let process = try ChildProcess(
      limits.wrapper + [program.path] + arguments,
      environment: [
        "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "LANG": "C.UTF-8",
        "HOME": scratch.path, "TMPDIR": scratch.path, "SWIFT_BACKTRACE": "enable=no",
      ],
      folder: scratch.path, standardError: .relayed { words.hear($0) },
      limits: .init(
        message: limits.seconds, total: limits.seconds, bytes: 64 << 20, memory: limits.memory))
    watch.add(process)
    return (Judge.Answerer(process, lastWords: { words.text }), process)
  }
}

/// What a student's program may use up.
public struct AnswerLimits: Sendable {
  /// For one check.
  public var seconds = 60.0
  /// Bytes of address space.
  public var memory = 2 << 30
  /// A program and its arguments that starts it: a sandbox, where there is one.
  public var wrapper: [String] = []

  public init() {}
}

/// The end of what a program wrote to standard error; of a crash, the line that says why.
final class LastWords: @unchecked Sendable {
  private let lock = NSLock()
  private let folder: String
  private var data = Data()

  init(without folder: String) { self.folder = folder }

  func hear(_ more: Data) { lock.withLock { data = Data((data + more).suffix(1 << 16)) } }

  var text: String {
    let lines = String(decoding: lock.withLock { data }, as: UTF8.self)
      .split(whereSeparator: \.isNewline)
    let fatal = lines.filter { $0.contains("Fatal error:") }.suffix(1)
    let before = lines.prefix { !$0.hasPrefix("Current stack trace:") }.suffix(6)
    return (fatal.isEmpty ? before : fatal)
      .map { excerpt($0.replacing(folder + "/", with: ""), 200) }.joined(separator: "\n")
  }
}

/// Why nothing can be graded.
public enum GradingError: Error, CustomStringConvertible {
  case noFolder(String)
  case teacherDoesNotCompile(String)
  case badCatalogue(String)
  case teacherIsWrong(String)
  /// The teacher's program was changed while students' programs ran.
  case tampered
  case interrupted

  public var description: String {
    switch self {
    case .noFolder(let path):
      "the build folder \(path) cannot be written. Choose another with --build-folder."
    case .teacherDoesNotCompile(let what):
      "the exercises do not compile with their own solutions:\n\(what)"
    case .badCatalogue(let what): "the exercises cannot be graded: \(what)."
    case .teacherIsWrong(let what):
      "the exercises' own solutions do not pass, so no student is judged by them:\n\(what)"
    case .tampered:
      "a student's program has changed the program that answers with the solutions. Grade again, with "
        + "--sandbox."
    case .interrupted: "interrupted"
    }
  }
}
