import Foundation

/// What a folder holds, as far as the file system tells: a change by anybody is seen, even one that puts the
/// times of a file back, because the time of its last change of status cannot be set.
package struct FolderState: Equatable {
  private struct Entry: Equatable {
    let mode: mode_t
    let size: Int64
    let inode: UInt64
    let changed: Int
    let changedNanoseconds: Int

    var isFolder: Bool { mode & S_IFMT == S_IFDIR }
  }

  private let entries: [String: Entry]

  package init(_ folder: URL) {
    var entries: [String: Entry] = [:]
    Self.note(folder.path, in: &entries)
    self.entries = entries
  }

  /// What is new, gone or another than in an earlier state of the same folder, by the paths in it, in order. Of
  /// folders that they are other ones is not said, for they are so where anything in them is.
  package func changes(since earlier: FolderState, in folder: URL) -> [String] {
    Set(entries.keys).union(earlier.entries.keys)
      .filter { path in
        let (now, before) = (entries[path], earlier.entries[path])
        return now != before && (now ?? before)?.isFolder == false
      }
      .map { String($0.dropFirst(folder.path.count + 1)) }.sorted()
  }

  /// No link is followed: what stands in the folder's own place may be one to everything.
  private static func note(_ path: String, in entries: inout [String: Entry]) {
    var state = stat()
    guard lstat(path, &state) == 0 else { return }
    #if os(Linux)
      let changed = state.st_ctim
    #else
      let changed = state.st_ctimespec
    #endif
    entries[path] = Entry(
      mode: state.st_mode, size: Int64(state.st_size), inode: UInt64(state.st_ino),
      changed: Int(changed.tv_sec), changedNanoseconds: Int(changed.tv_nsec))
    if state.st_mode & S_IFMT == S_IFDIR { read(path, into: &entries) }
  }

  private static func read(_ path: String, into entries: inout [String: Entry]) {
    guard let folder = opendir(path) else { return }
    defer { closedir(folder) }
    while let item = readdir(folder) {
      let name = withUnsafePointer(to: &item.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      note("\(path)/\(name)", in: &entries)
    }
  }
}
