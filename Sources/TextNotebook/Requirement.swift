import Foundation

/// Something that a cell needs and that a machine may not have: a program, or a module of Python.
struct Requirement {
  let program: String
  let module: String?

  /// - Parameter text: "python3", or "python3:torch".
  init(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    program = parts.first ?? text
    module = parts.count > 1 ? parts[1] : nil
  }

  static func isName(_ text: String) -> Bool {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count <= 2
      && parts.allSatisfy { part in
        !part.isEmpty && !part.hasPrefix("-") && !part.hasPrefix(".")
          && part.allSatisfy { $0.isLetter || $0.isNumber || "._-".contains($0) }
      }
  }

  /// - Parameter searchPath: the folders where programs are looked for.
  /// - Returns: nil where it is there; what is missing otherwise.
  func missing(from searchPath: [String]) -> String? {
    let candidates = searchPath.map { "\($0)/\(program)" }
    guard let path = candidates.first(where: FileManager.default.isExecutableFile) else {
      return "\(program) is not on PATH"
    }
    guard let module else { return nil }
    // Finding a module is much quicker than importing it.
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = [
      "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)",
      module,
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return "\(program) does not start" }
    process.waitUntilExit()
    return process.terminationStatus == 0 ? nil : "\(program) has no module \(module)"
  }
}
