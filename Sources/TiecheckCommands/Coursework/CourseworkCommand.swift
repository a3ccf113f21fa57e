import ArgumentParser
import CheckReport
import Foundation

/// `tiecheck coursework`.
struct CourseworkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coursework", abstract: "A course package that a student can start from.",
    subcommands: [New.self])

  /// `tiecheck coursework new`.
  struct New: Subcommand {
    static let configuration = CommandConfiguration(
      commandName: "new", abstract: "Write the course package into a new folder.",
      discussion: """
        Five exercises about layers that share a kernel, 20 points, with tests that fail and say why \
        until they are solved: 'swift test' in the new folder. With --solutions the same package with \
        the answers in it, for the teacher.

        The package depends on tiecheck: by default on the checkout that this program was built in, \
        by its path from the new folder, so that both can move together; with --package on any other, \
        or on a repository's address.
        """)

    @Argument(help: "The folder to make.", transform: OptionValue.path)
    var folder: String

    @Flag(help: "With the answers: for the teacher.")
    var solutions = false

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Where the package finds tiecheck: a path, or the address of a repository.",
        valueName: "path-or-url"), transform: OptionValue.path)
    var package: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "The branch of that repository (default: the version of this program).",
        valueName: "branch"), transform: OptionValue.path)
    var branch: String?

    @Flag(help: "Say nothing on standard error unless something is wrong.")
    var quiet = false

    func validate() throws {
      if let branch, package.map(Self.isAddress) != true {
        throw ValidationError(
          "--branch \(branch) needs the address of a repository: --package https://...")
      }
    }

    func execute() throws -> ExitStatus {
      let target = Console.current.url(folder).standardizedFileURL
      let files = CoursePackage.files(
        solutions ? .solutions : .starter, dependency: try dependency(from: target))
      try write(files.map { ReportFile(name: $0.path, contents: Data($0.text.utf8)) }, to: target)
      if !quiet {
        Console.current.say(
          "\(folder): \(files.count) files. Next: cd \(CommandText.joined([folder])) && swift test")
      }
      return .success
    }

    private func write(_ files: [ReportFile], to target: URL) throws {
      let contents = try? FileManager.default.contentsOfDirectory(atPath: target.path)
      guard contents?.isEmpty ?? !FileManager.default.fileExists(atPath: target.path) else {
        throw CommandError(
          .noOutput,
          "\(folder) is there already, and what is in it may be somebody's work. Choose a name that is "
            + "free.")
      }
      guard OutputFile.isFolder(target.deletingLastPathComponent()) else {
        throw CommandError(
          .noOutput,
          "\(folder) cannot be made: the folder it would stand in does not exist. Make that one first."
        )
      }
      do {
        try OutputFile.createFolder(target, files)
      } catch {
        throw CommandError(.noOutput, "\(folder) cannot be made: \(reason(error)).")
      }
    }

    private func dependency(from folder: URL) throws -> CoursePackage.Dependency {
      guard let package else {
        guard let checkout = Self.checkout else {
          throw CommandError(
            .usage,
            "this tiecheck does not stand in its own checkout, so the new package would not find it. "
              + "Say where it is: --package PATH, or --package with the address of its repository.")
        }
        return .path(Self.relative(checkout, from: folder))
      }
      if Self.isAddress(package) {
        return branch.map { .branch(package, $0) }
          ?? .repository(package, version: CheckRecord.Tool.current.version)
      }
      let url = Console.current.url(package).standardizedFileURL
      guard Self.isCheckout(url) else {
        throw CommandError(
          .noInput,
          "\(package) is no checkout of tiecheck: expected a folder with its Package.swift in it.")
      }
      return .path(package.hasPrefix("/") ? url.path : Self.relative(url, from: folder))
    }

    static func isAddress(_ package: String) -> Bool {
      package.contains("://") || package.hasPrefix("git@")
    }

    /// The package that this program was built in, if it still stands there: somewhere above it.
    static var checkout: URL? {
      guard let program = Bundle.main.executableURL?.resolvingSymlinksInPath() else { return nil }
      var folder = program.deletingLastPathComponent()
      while folder.path != "/" {
        if isCheckout(folder) { return folder }
        folder.deleteLastPathComponent()
      }
      return nil
    }

    static func isCheckout(_ folder: URL) -> Bool {
      let manifest = folder.appendingPathComponent("Package.swift")
      let text = try? String(contentsOf: manifest, encoding: .utf8)
      return text?.contains("name: \"GradientCheckTesting\"") == true
    }

    /// "../../tiecheck": a path that both folders can be moved with.
    static func relative(_ target: URL, from folder: URL) -> String {
      let (to, from) = (
        target.resolvingSymlinksInPath().pathComponents,
        folder.resolvingSymlinksInPath().pathComponents
      )
      let shared = zip(to, from).prefix { $0 == $1 }.count
      let parts =
        [String](repeating: "..", count: from.count - shared) + to.dropFirst(shared)
      return parts.isEmpty ? "." : parts.joined(separator: "/")
    }
  }
}
