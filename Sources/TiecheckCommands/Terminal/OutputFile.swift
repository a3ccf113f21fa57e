import CheckReport
import Foundation

/// Files that a command writes: all of their contents, or nothing.
enum OutputFile {
  /// Writes one file. What was there is replaced only when everything is on disk.
  /// - Throws: `CommandError`.
  static func write(_ data: Data, to path: String) throws {
    let url = Console.current.url(path).resolvingSymlinksInPath()
    do {
      if isSpecial(url) {
        // A device or a pipe cannot be replaced by a file.
        let handle = try FileHandle(forWritingTo: url)
        defer { try? handle.close() }
        try handle.write(contentsOf: data)
        return
      }
      try replace([(url, data)])
    } catch {
      throw failure(path, error)
    }
  }

  /// Writes every file under a temporary name beside its place, then moves all of them there.
  static func replace(_ files: [(url: URL, data: Data)]) throws {
    var written: [(temporary: URL, url: URL)] = []
    defer { for file in written { try? FileManager.default.removeItem(at: file.temporary) } }
    for (url, data) in files {
      guard !isFolder(url) else { throw isFolderError(url) }
      let temporary = temporaryName(beside: url)
      written.append((temporary, url))
      try create(temporary, data)
    }
    for (temporary, url) in written {
      guard rename(temporary.path, url.path) == 0 else { throw POSIXError.current }
    }
  }

  /// Writes a file that is not there yet.
  static func create(_ url: URL, _ data: Data) throws {
    let descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL, 0o666)
    guard descriptor >= 0 else { throw POSIXError.current }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    try handle.write(contentsOf: data)
    // Some file systems only say here that there was no room.
    try handle.close()
  }

  /// Makes a folder that is not there yet, or is empty, with everything in it or not at all.
  /// - Parameter files: each may name subfolders, which are made.
  static func createFolder(_ url: URL, _ files: [ReportFile]) throws {
    let temporary = temporaryName(beside: url)
    defer { try? FileManager.default.removeItem(at: temporary) }
    guard mkdir(temporary.path, 0o777) == 0 else { throw POSIXError.current }
    for file in files {
      let place = temporary.appendingPathComponent(file.name)
      try FileManager.default.createDirectory(
        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try create(place, file.contents)
    }
    guard rename(temporary.path, url.path) == 0 else { throw POSIXError.current }
  }

  /// A name that nothing else has, in the same folder, so that moving is renaming.
  static func temporaryName(beside url: URL) -> URL {
    url.deletingLastPathComponent().appendingPathComponent(
      ".\(url.lastPathComponent).\(UUID().uuidString).tmp")
  }

  /// Whether a name is one that `temporaryName` has made for a place.
  static func isTemporary(_ name: String, of place: String) -> Bool {
    let (start, end) = (".\(place).", ".tmp")
    return name.hasPrefix(start) && name.hasSuffix(end)
      && UUID(uuidString: String(name.dropFirst(start.count).dropLast(end.count))) != nil
  }

  static func isFolderError(_ url: URL) -> CommandError {
    CommandError(
      .noOutput,
      "\(url.lastPathComponent) cannot be written: \(url.lastPathComponent) is a folder. Choose "
        + "another place with -o.")
  }

  static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  private static func isSpecial(_ url: URL) -> Bool {
    var status = stat()
    guard stat(url.path, &status) == 0 else { return false }
    let kind = status.st_mode & S_IFMT
    return kind != S_IFREG && kind != S_IFDIR
  }

  static func failure(_ path: String, _ error: any Error) -> CommandError {
    (error as? CommandError)
      ?? CommandError(
        .noOutput,
        "\(path) cannot be written: \(reason(error)). Choose another place with -o.")
  }
}

extension POSIXError {
  /// What the last system call said.
  static var current: POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
}
