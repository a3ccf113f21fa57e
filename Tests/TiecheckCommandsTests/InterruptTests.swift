import Foundation
import ModelPipe
import Testing

@testable import TiecheckCommands

/// Signals to a whole process, beside which the tests' own would end.
@Suite struct InterruptTests {
  /// `tiecheck verify` of a program that says nothing, which is sent signals; how it ended.
  private func ending(
    of program: String, under shell: String? = nil,
    sending signals: [(after: String, number: Int32)]
  ) throws -> (ending: ChildProcess.Ending, said: String) {
    let tiecheck = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0])
      .deletingLastPathComponent().appendingPathComponent("tiecheck").path
    try #require(FileManager.default.isExecutableFile(atPath: tiecheck), "\(tiecheck)")
    let said = Said(signals)
    let process = try ChildProcess(
      (shell.map { ["sh", "-c", $0] } ?? []) + [
        tiecheck, "verify", "--timeout", "100", "--", "sh", "-c", program,
      ],
      standardError: .relayed { said.hear($0) })
    return (process.finish(within: 120), said.text)
  }

  /// The status of a process that was told to stop is the signal's, and nothing is said of the program
  /// that was ended for it.
  @Test(arguments: [SIGTERM, SIGHUP])
  func aSignalEndsTheProcess(number: Int32) throws {
    let run = try ending(
      of: "echo started $PPID >&2; exec sleep 100", sending: [("started", number)])
    #expect(run.ending == .signalled(number))
    #expect(!run.said.contains("Error"), "\(run.said)")
  }

  @Test func theSecondInterruptEndsTheProcess() throws {
    let run = try ending(
      of: "echo started $PPID >&2; exec sleep 100",
      sending: [("started", SIGINT), ("Ctrl-C again ends it at once", SIGINT)])
    #expect(run.ending == .signalled(SIGINT))
    #expect(!run.said.contains("Error"), "\(run.said)")
  }

  /// What cannot stop within a second is ended all the same.
  @Test func ctrlCEndsALongCheckWithinASecond() throws {
    let tiecheck = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0])
      .deletingLastPathComponent().appendingPathComponent("tiecheck").path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: tiecheck)
    process.arguments = [
      "check", "--model", "shared", "--set", "uses=64,run=64", "--features", "48", "--hidden", "48",
      "--batch", "64", "--directions", "0",
    ]
    let said = Pipe()
    (process.standardOutput, process.standardError) = (FileHandle.nullDevice, said)
    try process.run()
    // How long it will take is said when the check is about to begin.
    var text = ""
    while !text.contains("Ctrl-C stops it.\n") {
      let more = said.fileHandleForReading.availableData
      try #require(!more.isEmpty, "\(text)")
      text += String(decoding: more, as: UTF8.self)
    }
    #expect(text.contains("evaluations of the loss"))
    process.interrupt()
    let start = ContinuousClock.now
    process.waitUntilExit()
    #expect(ContinuousClock.now - start < .seconds(3))
    #expect(process.terminationReason == .uncaughtSignal || process.terminationStatus == 2)
  }

  /// nohup starts a command with that signal ignored.
  @Test func aHangUpThatIsIgnoredStaysIgnored() throws {
    let run = try ending(
      of: "echo started $PPID >&2; sleep 0.5; echo later >&2; exec sleep 100",
      under: "trap '' HUP; exec \"$0\" \"$@\"",
      sending: [("started", SIGHUP), ("later", SIGTERM)])
    #expect(run.ending == .signalled(SIGTERM))
  }
}

/// What a process said, and the signals that it is sent once it has said enough.
private final class Said: @unchecked Sendable {
  private let lock = NSLock()
  private var signals: [(after: String, number: Int32)]
  private var heard = ""

  init(_ signals: [(after: String, number: Int32)]) { self.signals = signals }

  var text: String { lock.withLock { heard } }

  func hear(_ data: Data) {
    lock.withLock {
      heard += String(decoding: data, as: UTF8.self)
      guard let next = signals.first, heard.contains(next.after), heard.hasSuffix("\n"),
        let process = heard.firstMatch(of: /started ([0-9]+)/).flatMap({ pid_t($0.1) })
      else { return }
      signals.removeFirst()
      kill(process, next.number)
    }
  }
}
