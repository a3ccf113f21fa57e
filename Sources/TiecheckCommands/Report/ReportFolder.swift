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

  /// Writes the files. A new folder appears with everything in it. In one that exists, all of them are replaced
  /// in one step, and others are left alone; where the file system cannot do that, one after the other once all
  /// are on disk. Several runs may write one folder: each waits for the one before.
  /// - Throws: `CommandError`; then nothing is left behind.
  func write(_ files: [ReportFile]) throws {
    do {
      FolderLock.removeLeftovers(beside: url)
      if !OutputFile.isFolder(url) {
        do {
          return try OutputFile.createFolder(url, files)
        } catch let error as POSIXError where [.ENOTEMPTY, .EEXIST].contains(error.code) {
          // Another run was quicker.
        }
      }
      try replace(files)
    } catch {
      throw OutputFile.failure(path, error)
    }
  }

  private func replace(_ files: [ReportFile]) throws {
    let lock = FolderLock.wait(for: url)
    defer { withExtendedLifetime(lock) {} }
    // One file is replaced in one step as it is.
    if files.count > 1 {
      do {
        return try FolderExchange(url, files).run()
      } catch is FolderExchange.NotPossible {}
    }
    try OutputFile.replace(files.map { (url.appendingPathComponent($0.name), $0.contents) })
  }
}
