import CFileExchange
import CheckReport
import Foundation

/// Puts files into a folder that is there, all of them in one step that nobody sees half done: a folder beside it
/// gets the new files and, as hard links, everything else that the folder holds; then the two take each other's
/// names. A run that is killed on the way leaves the old folder or the new one, and one folder beside it, which
/// the next run removes.
struct FolderExchange {
  private let url: URL
  private let files: [ReportFile]

  init(_ url: URL, _ files: [ReportFile]) {
    self.url = url
    self.files = files
  }

  /// What keeps this from working where files could still be replaced one by one: a file system without hard
  /// links or exchange, a folder that is a mount point, one that a shell stands in.
  struct NotPossible: Error {}

  /// More than this beside the files is somebody's own folder, and not that of a report.
  private static let mostOthers = 2000

  /// - Throws: `NotPossible`, and what the system says; then nothing is left behind, and nothing changed.
  func run() throws {
    guard !isAroundWorkingFolder else { throw NotPossible() }
    var attributes = stat()
    guard stat(url.path, &attributes) == 0 else { throw POSIXError.current }
    let new = OutputFile.temporaryName(beside: url)
    guard mkdir(new.path, 0o700) == 0 else { throw NotPossible() }
    let claim = FolderLock.claim(new)
    defer {
      // The old folder, once the two have changed places.
      try? FileManager.default.removeItem(at: new)
      withExtendedLifetime(claim) {}
    }
    for file in files {
      try OutputFile.create(new.appendingPathComponent(file.name), file.contents)
    }
    var room = Self.mostOthers
    try link(url, into: new, except: Set(files.map(\.name)), &room)
    guard chmod(new.path, attributes.st_mode & 0o7777) == 0 else { throw NotPossible() }
    guard file_exchange(new.path, url.path) == 0 else { throw NotPossible() }
    keepLatecomers(in: new)
  }

  /// A process that stands in the folder would find itself in the old one.
  private var isAroundWorkingFolder: Bool {
    let own = url.standardizedFileURL.path
    var working = [FileManager.default.currentDirectoryPath]
    if let folder = Console.current.folder { working.append(folder.path) }
    return working.contains { path in
      let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      return resolved == own || resolved.hasPrefix(own + "/")
    }
  }

  private func link(
    _ old: URL, into new: URL, except names: Set<String>, _ room: inout Int
  ) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: old.path) {
      let (from, to) = (old.appendingPathComponent(name), new.appendingPathComponent(name))
      var kind = stat()
      guard lstat(from.path, &kind) == 0 else { throw NotPossible() }
      let isFolder = kind.st_mode & S_IFMT == S_IFDIR
      if names.contains(name) {
        guard !isFolder else { throw OutputFile.isFolderError(from) }
        continue
      }
      room -= 1
      guard room >= 0 else { throw NotPossible() }
      if isFolder {
        guard mkdir(to.path, 0o700) == 0 else { throw NotPossible() }
        try link(from, into: to, except: [], &room)
        guard chmod(to.path, kind.st_mode & 0o7777) == 0 else { throw NotPossible() }
      } else {
        guard linkat(AT_FDCWD, from.path, AT_FDCWD, to.path, 0) == 0 else { throw NotPossible() }
      }
    }
  }

  /// What somebody put into the old folder while the new one was made.
  private func keepLatecomers(in old: URL) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: old.path)) ?? []
    for name in names {
      let place = url.appendingPathComponent(name)
      var kind = stat()
      if lstat(place.path, &kind) != 0 {
        rename(old.appendingPathComponent(name).path, place.path)
      }
    }
  }
}

/// A folder that one process writes at a time.
final class FolderLock {
  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  private static func open(_ url: URL) -> Int32 {
    #if os(Linux)
      Glibc.open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    #else
      Darwin.open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    #endif
  }

  /// Waits until nobody else writes the folder that has this name now. nil where the file system has no locks.
  static func wait(for url: URL) -> FolderLock? {
    for _ in 0..<1000 {
      let descriptor = open(url)
      guard descriptor >= 0 else { return nil }
      guard flock(descriptor, LOCK_EX) == 0 else {
        close(descriptor)
        return nil
      }
      var (held, there) = (stat(), stat())
      if fstat(descriptor, &held) == 0, stat(url.path, &there) == 0, held.st_ino == there.st_ino,
        held.st_dev == there.st_dev
      {
        return FolderLock(descriptor)
      }
      // Another run has put a new folder in its place meanwhile.
      close(descriptor)
    }
    return nil
  }

  /// Marks a temporary folder as one whose maker lives.
  static func claim(_ url: URL) -> FolderLock? {
    let descriptor = open(url)
    guard descriptor >= 0 else { return nil }
    flock(descriptor, LOCK_EX | LOCK_NB)
    return FolderLock(descriptor)
  }

  /// Seconds for which a temporary folder is left alone, however dead it looks: its maker may not have come to
  /// mark it yet.
  private static let grace = 5.0

  /// Removes temporary folders beside a folder that runs have left which were killed.
  static func removeLeftovers(beside url: URL, olderThan age: Double = grace) {
    let parent = url.deletingLastPathComponent()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
    for name in names where OutputFile.isTemporary(name, of: url.lastPathComponent) {
      let place = parent.appendingPathComponent(name)
      var kind = stat()
      guard lstat(place.path, &kind) == 0, kind.st_mode & S_IFMT == S_IFDIR else { continue }
      #if os(Linux)
        let changed = kind.st_ctim.tv_sec
      #else
        let changed = kind.st_ctimespec.tv_sec
      #endif
      guard Date().timeIntervalSince1970 - Double(changed) > age else { continue }
      let descriptor = open(place)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        try? FileManager.default.removeItem(at: place)
      }
      close(descriptor)
    }
  }
}
