import Foundation
import ModelPipe

/// What a student's program may use up.
package struct AnswerLimits: Sendable {
  /// For one check.
  package var seconds = 60.0
  /// Bytes of address space.
  package var memory = 2 << 30
  /// A program and its arguments that starts it: a sandbox, where there is one.
  package var wrapper: [String] = []

  package init() {}
}

extension BuildSlot {
  /// Starts a program that answers, in an empty folder, with as little around it as will do.
  func answerer(
    _ program: String, _ arguments: [String], _ limits: AnswerLimits, _ watch: ProcessWatch
  ) throws -> (answerer: Judge.Answerer, process: ChildProcess) {
    try discard(scratch)
    try? FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    let words = StandardErrorTail(without: package.path)
    let process = try ChildProcess(
      limits.wrapper + [program] + arguments,
      environment: [
        "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "LANG": "C.UTF-8",
        "HOME": scratch.path, "TMPDIR": scratch.path, "SWIFT_BACKTRACE": "enable=no",
      ],
      folder: scratch.path, standardError: .relayed { words.hear($0) },
      limits: .init(
        message: limits.seconds, total: limits.seconds, bytes: 64 << 20, memory: limits.memory))
    watch.add(process)
    return (Judge.Answerer(process, lastWords: { words.text }), process)
  }
}
