import CheckReport
import Foundation

/// The course package: its files, and what they depend on.
struct CoursePackage {
  /// Whose answers Sources/Layers holds.
  enum Answers: String {
    /// The student's: none yet.
    case starter
    /// The teacher's.
    case solutions
  }

  /// Where the package finds tiecheck.
  enum Dependency: Equatable {
    /// A checkout, as the package's manifest names it.
    case path(String)
    /// A repository, from a version on or at a branch.
    case repository(String, version: String)
    case branch(String, String)

    /// The line of the manifest.
    var declaration: String {
      switch self {
      case .path(let path): ".package(name: \"tiecheck\", path: \"\(Self.quoted(path))\")"
      case .repository(let url, let version):
        ".package(url: \"\(Self.quoted(url))\", from: \"\(version)\")"
      case .branch(let url, let branch):
        ".package(url: \"\(Self.quoted(url))\", branch: \"\(Self.quoted(branch))\")"
      }
    }

    /// The name that the manifest's targets know the package by: of a repository, SwiftPM takes the last
    /// part of its address.
    var identity: String {
      switch self {
      case .path: return "tiecheck"
      case .repository(let url, _), .branch(let url, _):
        let last = url.split(whereSeparator: { "/:".contains($0) }).last.map(String.init) ?? url
        return last.hasSuffix(".git") ? String(last.dropLast(4)) : last
      }
    }

    private static func quoted(_ text: String) -> String {
      text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }
  }

  /// The files, by their path in the package, in order.
  static func files(_ answers: Answers, dependency: Dependency) -> [(path: String, text: String)] {
    CourseworkText.files.compactMap { file in
      for folder in ["common/", "\(answers.rawValue)/"] where file.path.hasPrefix(folder) {
        let path = String(file.path.dropFirst(folder.count))
        return (path, path == "Package.swift" ? manifest(file.text, dependency) : file.text)
      }
      return nil
    } + [(path: ".gitignore", text: ".build/\nPackage.resolved\nresults/\ntiecheck-report/\n")]
  }

  /// The package that students' files are compiled in when they are graded: a program that answers for the
  /// exercises, with the solutions in place of theirs.
  /// - Parameter hidden: a teacher's own, laid over the course's: Sources/Exercises and Sources/Layers.
  static func grading(
    dependency: Dependency, hidden: [(path: String, text: String)] = []
  ) -> [(path: String, text: String)] {
    var files: [String: String] = [:]
    for file in CourseworkText.files {
      for folder in ["common/Sources/", "solutions/Sources/"] where file.path.hasPrefix(folder) {
        files["Sources/\(file.path.dropFirst(folder.count))"] = file.text
      }
      if file.path.hasPrefix("grading/") {
        let path = String(file.path.dropFirst("grading/".count))
        files[path] = path == "Package.swift" ? manifest(file.text, dependency) : file.text
      }
    }
    for file in hidden where file.path.hasPrefix("Sources/") { files[file.path] = file.text }
    return files.sorted { $0.key < $1.key }.map { (path: $0.key, text: $0.value) }
  }

  /// What students began with: the text of each file of Sources/Layers.
  /// - Parameter hidden: Starter/*.swift in it takes the place of the course's.
  static func handedOut(_ hidden: [(path: String, text: String)] = []) -> [String: String] {
    var files: [String: String] = [:]
    for (folder, source) in [
      ("starter/Sources/Layers/", CourseworkText.files), ("Starter/", hidden),
    ] {
      for file in source where file.path.hasPrefix(folder) {
        files[String(file.path.dropFirst(folder.count))] = file.text
      }
    }
    return files
  }

  private static func manifest(_ text: String, _ dependency: Dependency) -> String {
    text.replacing(".package(name: \"tiecheck\", path: \"TIECHECK\")", with: dependency.declaration)
      .replacing("package: \"tiecheck\"", with: "package: \"\(dependency.identity)\"")
  }
}
