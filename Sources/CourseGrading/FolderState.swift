import Foundation

/// What a folder holds, as far as the file system tells: a change by anybody is seen, even one that puts the
/// times of a file back, because the time of its last change of status cannot be set.
struct FolderState: Equatable {
  private struct Entry: Equatable {
    let mode: mode_t
    let size: Int64
    let inode: UInt64
    let changed: Int
    let changedNanoseconds: Int
  }

  private let entries: [String: Entry]

  init(_ folder: URL) {
    var entries: [String: Entry] = [:]
    Self.read(folder.path, into: &entries)
    self.entries = entries
  }

  private static func read(_ path: String, into entries: inout [String: Entry]) {
    guard let folder = opendir(path) else { return }
    defer { closedir(folder) }
    while let item = readdir(folder) {
      let name = withUnsafePointer(to: &item.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      let entry = "\(path)/\(name)"
      var state = stat()
      guard lstat(entry, &state) == 0 else { continue }
      #if os(Linux)
        let changed = state.st_ctim
      #else
        let changed = state.st_ctimespec
      #endif
      entries[entry] = Entry(
        mode: state.st_mode, size: Int64(state.st_size), inode: UInt64(state.st_ino),
        changed: Int(changed.tv_sec), changedNanoseconds: Int(changed.tv_nsec))
      if state.st_mode & S_IFMT == S_IFDIR { read(entry, into: &entries) }
    }
  }
}
