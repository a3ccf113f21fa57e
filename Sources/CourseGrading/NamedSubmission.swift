import Foundation

/// A submission that was named: its folder, and what it is called.
package struct NamedSubmission: Sendable {
  package let name: String
  package let folder: URL

  package init(name: String, folder: URL) {
    self.name = name
    self.folder = folder
  }

  /// Each path with the shortest name that no other has: the last part of it, or all of it.
  /// - Parameter url: the folder that a path means.
  package static func all(_ paths: [String], at url: (String) -> URL) -> [NamedSubmission] {
    let folders = paths.map { url($0).standardizedFileURL }
    let names = folders.map(\.lastPathComponent)
    return zip(paths, folders).enumerated().map { i, entry in
      let isAlone = names.count { $0 == names[i] } == 1
      return NamedSubmission(name: isAlone ? names[i] : entry.0, folder: entry.1)
    }
  }
}

/// A part of the submissions: of every n, the i-th.
package struct Shard: Equatable {
  package let number: Int
  package let count: Int

  package init(number: Int, count: Int) {
    self.number = number
    self.count = count
  }

  package func part<T>(of all: [T]) -> [T] {
    all.enumerated().filter { $0.offset % count == number - 1 }.map(\.element)
  }
}
