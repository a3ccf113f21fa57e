import Foundation

/// Files that the user names.
enum InputFile {
  /// Larger than anything that could be checked.
  static let limit = 256 << 20

  /// Everything in a file.
  /// - Parameters:
  ///   - path: as given; "-" is standard input.
  ///   - role: what a sentence calls it, such as "the data".
  /// - Throws: `CommandError`.
  static func read(_ path: String, as role: String) throws -> Data {
    let data: Data
    do {
      data = path == "-" ? try Console.current.input(limit + 1) : try contents(of: path, role)
    } catch let error as CommandError {
      throw error
    } catch {
      throw CommandError(.noInput, "\(role) \(label(path)) cannot be read: \(reason(error)).")
    }
    guard data.count <= limit else {
      throw CommandError(
        .badInput,
        "\(role) \(label(path)) is larger than \(limit >> 20) MiB, the most that is read. Use a "
          + "part of it.")
    }
    return data
  }

  private static func contents(of path: String, _ role: String) throws -> Data {
    let url = Console.current.url(path)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw CommandError(
        .noInput, "\(role) \(label(path)) does not exist. Is the name spelled right?")
    }
    guard !isFolder.boolValue else {
      throw CommandError(.noInput, "\(role) \(label(path)) is a folder; expected a file.")
    }
    let handle = try FileHandle(forReadingFrom: url)
    defer { try? handle.close() }
    return try handle.readUpTo(limit + 1)
  }

  /// The file's name without its folders, for sentences and reports.
  static func label(_ path: String) -> String {
    path == "-" ? "on standard input" : URL(fileURLWithPath: path).lastPathComponent
  }
}
