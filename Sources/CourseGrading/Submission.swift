import Foundation
import ModelPipe

/// What a student has handed in, as far as it is graded: the Swift files of Sources/Layers. Manifest, plugins,
/// tests and everything else stay behind.
package struct Submission: Sendable {
  package let name: String
  /// Text by file name.
  package let files: [String: String]
  /// What was left behind although it looks like an answer, and why.
  package let remarks: [String]

  package init(name: String, files: [String: String], remarks: [String] = []) {
    self.name = name
    self.files = files
    self.remarks = remarks
  }

  /// No exercise needs more.
  static let largestFile = 1 << 20
  static let mostFiles = 200

  /// Reads a package, or a folder with nothing but the files.
  ///
  /// The files are looked for in Sources/Layers, in Sources, and in the folder itself; and if they are in
  /// none of these, in the same places of its only subfolder, which an archive may have put around
  /// everything. The folder itself may be a link, for it is the teacher who names it; within it no link is
  /// followed.
  /// - Throws: `SubmissionError`.
  package init(name: String, at folder: URL) throws {
    self.name = name
    var kind = stat()
    guard stat(folder.path, &kind) == 0 else { throw SubmissionError("does not exist") }
    guard kind.st_mode & S_IFMT == S_IFDIR else {
      throw SubmissionError("is a file; expected the folder of a package")
    }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
      throw SubmissionError("cannot be read")
    }
    var places = [folder]
    let subfolders = names.filter { name in
      !name.hasPrefix(".") && !name.hasPrefix("__")
        && Self.isFolder(folder.appendingPathComponent(name))
    }
    if subfolders.count == 1 { places.append(folder.appendingPathComponent(subfolders[0])) }
    for place in places {
      for path in ["Sources/Layers", "Sources", ""] {
        // Every folder on the way, not the last alone: Sources may be a link to another's.
        var way: [URL] = [place]
        for name in path.split(separator: "/") {
          way.append(way.last!.appendingPathComponent(String(name)))
        }
        guard way.dropFirst().allSatisfy(Self.isFolder) else { continue }
        let (files, remarks) = Self.read(way.last!)
        guard !files.isEmpty || !remarks.isEmpty else { continue }
        self.files = files
        self.remarks = remarks
        return
      }
    }
    throw SubmissionError("holds no Swift files in Sources/Layers")
  }

  /// Through no link: it may lead anywhere, and what the compiler says would tell what is there.
  private static func isFolder(_ url: URL) -> Bool {
    var kind = stat()
    return lstat(url.path, &kind) == 0 && kind.st_mode & S_IFMT == S_IFDIR
  }

  private static func read(_ folder: URL) -> (files: [String: String], remarks: [String]) {
    var files: [String: String] = [:]
    var remarks: [String] = []
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
      .filter { $0.hasSuffix(".swift") && !$0.hasPrefix(".") && $0 != "Package.swift" }.sorted()
    for name in names.prefix(mostFiles) {
      do {
        files[name] = try text(folder.appendingPathComponent(name))
      } catch {
        remarks.append("\(excerpt(name)) was left behind: it \(error).")
      }
    }
    if names.count > mostFiles {
      remarks.append("\(names.count - mostFiles) files were left behind: more than \(mostFiles).")
    }
    return (files, remarks)
  }

  private static func text(_ url: URL) throws -> String {
    let name = url.lastPathComponent
    guard name != "main.swift" else {
      throw SubmissionError("would make a program of the module; call it something else")
    }
    let isPlain = name.allSatisfy { $0.isLetter || $0.isNumber || "+-_. ".contains($0) }
    guard isPlain, name.utf8.count <= 100 else {
      throw SubmissionError("has a name with other characters than letters, digits and + - _ .")
    }
    let descriptor = open(url.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    var kind = stat()
    guard descriptor >= 0 else { throw SubmissionError("is a link, or cannot be read") }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    guard fstat(descriptor, &kind) == 0, kind.st_mode & S_IFMT == S_IFREG else {
      throw SubmissionError("is no file")
    }
    guard kind.st_size <= largestFile else {
      throw SubmissionError("is larger than \(largestFile >> 10) KiB")
    }
    let data: Data
    do {
      data = try handle.read(upToCount: largestFile) ?? Data()
    } catch {
      throw SubmissionError("cannot be read")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw SubmissionError("is not UTF-8 text")
    }
    return text
  }
}

/// What is wrong with a submission, to be said after its name.
package struct SubmissionError: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// A student's words as they may stand in a sentence.
func excerpt(_ text: some StringProtocol, _ length: Int = 80) -> String {
  plain(text, length) + (text.unicodeScalars.dropFirst(length).isEmpty ? "" : "...")
}
