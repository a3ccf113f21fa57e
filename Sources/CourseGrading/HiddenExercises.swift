import Foundation

/// A teacher's folder of further exercises: the Swift files in it, by their path.
package enum HiddenExercises {
  private static let folders = ["Sources/Exercises", "Sources/Layers", "Starter"]

  /// - Parameters:
  ///   - name: what a sentence calls the folder.
  ///   - url: the folder.
  /// - Throws: `GradingError.unreadableExercises` and `.noExercises`.
  package static func read(
    _ name: String, at url: URL
  ) throws -> [(path: String, text: String)] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder),
      isFolder.boolValue
    else { throw GradingError.unreadableExercises(name, file: nil) }
    var files: [(path: String, text: String)] = []
    for folder in folders {
      let names = try? FileManager.default.contentsOfDirectory(
        atPath: url.appendingPathComponent(folder).path)
      for file in (names ?? []).sorted() where file.hasSuffix(".swift") {
        let place = "\(folder)/\(file)"
        guard let text = try? String(contentsOf: url.appendingPathComponent(place), encoding: .utf8)
        else { throw GradingError.unreadableExercises(name, file: place) }
        files.append((place, text))
      }
    }
    guard !files.isEmpty else { throw GradingError.noExercises(name) }
    return files
  }
}
