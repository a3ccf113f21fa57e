import CheckReport
import Foundation

/// The folder of a report: the page, its pictures and the record, all of one run or none.
struct ReportFolder {
  private let path: String
  private let url: URL

  /// Looks whether the folder can be written at all, before anything is computed for it.
  /// - Throws: `CommandError`.
  init(_ path: String) throws {
    self.path = path
    url = Console.current.url(path).resolvingSymlinksInPath()
    let parent = url.deletingLastPathComponent()
    let files = FileManager.default
    if files.fileExists(atPath: url.path) {
      guard OutputFile.isFolder(url) else {
        throw CommandError(
          .noOutput, "\(path) is a file, and the report needs a folder. Choose another with -o.")
      }
      guard files.isWritableFile(atPath: url.path) else {
        throw CommandError(
          .noOutput, "the folder \(path) cannot be written. Choose another with -o.")
      }
    } else if !OutputFile.isFolder(parent) {
      throw CommandError(
        .noOutput,
        "the folder \(path) cannot be made: the folder it would stand in does not exist. Make that "
          + "one first, or choose another with -o.")
    } else if !files.isWritableFile(atPath: parent.path) {
      throw CommandError(
        .noOutput,
        "the folder \(path) cannot be made: the folder it would stand in cannot be written. Choose "
          + "another with -o.")
    }
  }

  /// Writes the files. A new folder appears with everything in it; in one that exists, files are
  /// replaced when all of them are on disk, and others are left alone.
  /// - Throws: `CommandError`; then nothing is left behind.
  func write(_ files: [ReportFile]) throws {
    do {
      if OutputFile.isFolder(url) {
        try OutputFile.replace(
          files.map { (url.appendingPathComponent($0.name), $0.contents) })
      } else {
        try OutputFile.createFolder(url, files)
      }
    } catch {
      throw OutputFile.failure(path, error)
    }
  }
}
