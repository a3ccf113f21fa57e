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

  private static func manifest(_ text: String, _ dependency: Dependency) -> String {
    text.replacing(".package(name: \"tiecheck\", path: \"TIECHECK\")", with: dependency.declaration)
      .replacing("package: \"tiecheck\"", with: "package: \"\(dependency.identity)\"")
  }
}
