import Foundation

/// The program that answers with the solutions. It is the right answer to everything, and students' programs
/// run with the same rights: so before they do, on Linux, it loses its name, and is started from an open
/// descriptor. Elsewhere it is moved to a place of its own, and before each start is looked whether it is
/// still the same.
final class SolutionsProgram {
  private var url: URL?
  #if os(Linux)
    private let descriptor: Int32
  #else
    private var state: FolderState?
  #endif

  /// - Parameter program: an executable file.
  /// - Throws: `GradingError.noFolder`.
  init(_ program: URL) throws {
    url = program
    #if os(Linux)
      descriptor = open(program.path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw GradingError.noFolder(program.path) }
    #endif
  }

  /// Takes the program out of the build folder.
  /// - Throws: `GradingError.noFolder`.
  func hide() throws {
    guard let url else { return }
    #if os(Linux)
      guard unlink(url.path) == 0 else { throw GradingError.noFolder(url.path) }
      self.url = nil
    #else
      let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("tiecheck-\(UUID().uuidString)")
      let copy = folder.appendingPathComponent("answer")
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.moveItem(at: url, to: copy)
      } catch {
        throw GradingError.noFolder(folder.path)
      }
      self.url = copy
      state = FolderState(folder)
    #endif
  }

  /// By what it is started. Once it is hidden, no other program can start it by that, a sandbox for instance.
  /// - Throws: `GradingError.tampered`.
  var path: String {
    get throws {
      #if os(Linux)
        // A child finds it before it closes what it has inherited.
        return url?.path ?? "/proc/self/fd/\(descriptor)"
      #else
        guard let url, state == nil || FolderState(url.deletingLastPathComponent()) == state else {
          throw GradingError.tampered
        }
        return url.path
      #endif
    }
  }

  deinit {
    #if os(Linux)
      close(descriptor)
    #else
      if state != nil, let url {
        try? FileManager.default.removeItem(at: url.deletingLastPathComponent())
      }
    #endif
  }
}
