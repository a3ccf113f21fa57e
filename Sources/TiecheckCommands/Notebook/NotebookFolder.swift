import Foundation
import TextNotebook

/// The folder notebooks-txt of the package that the working folder lies in.
struct NotebookFolder {
  static let name = "notebooks-txt"

  let package: URL
  var url: URL { package.appendingPathComponent(Self.name) }

  /// Looks in the working folder and in those it lies in.
  /// - Throws: `CommandError`.
  init() throws {
    let start = Console.current.url(".").standardizedFileURL
    var folder = start
    while !Self.isPackage(folder) {
      let parent = folder.deletingLastPathComponent()
      guard parent.path != folder.path else {
        throw CommandError(
          .noInput,
          "no notebooks here: expected the folder \(Self.name) of tiecheck's repository, in this "
            + "folder or one above it. Clone the repository and call tiecheck in it; 'tiecheck "
            + "notebook show FILE.txt' shows a notebook from anywhere.")
      }
      folder = parent
    }
    package = folder
  }

  /// The manifest, the notebooks, and the target that compiles them.
  private static func isPackage(_ folder: URL) -> Bool {
    ["Package.swift", name, "Sources/Lessons"].allSatisfy {
      FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path)
    }
  }

  /// The notebooks' file names, in order.
  func names() throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: url.path)
        .filter { $0.hasSuffix(".txt") && !$0.hasPrefix(".") }.sorted()
    } catch {
      throw CommandError(.noInput, "the folder \(Self.name) cannot be read: \(reason(error)).")
    }
  }

  /// The notebook of that file name.
  func notebook(_ name: String) throws -> Notebook {
    try Notebook.checkName(name)
    return try Notebook(
      try InputFile.read(url.appendingPathComponent(name).path, as: "the notebook"), name: name)
  }

  /// The file names that words stand for: all of them for no words.
  /// - Parameter words: "01", "01-one-derivative", the file's name, or its path.
  func names(for words: [String]) throws -> [String] {
    let names = try names()
    guard !words.isEmpty else { return names }
    return try words.map { word in
      if word.contains("/") {
        let folder = Console.current.url(word).resolvingSymlinksInPath().deletingLastPathComponent()
        guard folder.path == url.resolvingSymlinksInPath().path else {
          throw CommandError(
            .usage,
            "\(word) is not in the folder \(Self.name), whose notebooks alone are compiled. Copy it "
              + "there.")
        }
      }
      return try Self.choose(word, among: names)
    }
  }

  /// - Throws: `CommandError` if a word stands for no name.
  static func choose(_ word: String, among names: [String]) throws -> String {
    let file = word.split(separator: "/").last.map(String.init) ?? word
    let wanted = file.hasSuffix(".txt") ? String(file.dropLast(4)) : file
    // "03" is the lesson in its first language, "03.zh" its translation.
    func parts(_ stem: String) -> (name: String, language: String) {
      let parts = stem.split(separator: ".", maxSplits: 1).map(String.init)
      return (parts.first ?? "", parts.count > 1 ? parts[1] : "")
    }
    let matches = names.filter { name in
      let (have, want) = (parts(String(name.dropLast(4))), parts(wanted))
      return have.language == want.language
        && (have.name == want.name || have.name.hasPrefix(want.name + "-"))
    }
    guard let match = matches.first, matches.count == 1 else {
      throw CommandError(
        .usage,
        matches.isEmpty
          ? "there is no notebook \"\(word)\". Notebooks are: \(names.joined(separator: ", "))."
          : "\"\(word)\" could be \(matches.joined(separator: " or ")). Write more of it.")
    }
    return match
  }
}
