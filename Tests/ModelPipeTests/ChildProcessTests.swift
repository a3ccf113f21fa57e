import Foundation
import Testing

@testable import ModelPipe

/// Programs are shell scripts here, so that these tests run wherever there is a shell.
func shell(
  _ script: String, environment: [String: String]? = nil, folder: String? = nil,
  standardError: ChildProcess.StandardError = .relayed { _ in }, message: Double = 10,
  total: Double? = nil, bytes: Int = 1 << 24, memory: Int? = nil
) throws -> ChildProcess {
  try ChildProcess(
    ["/bin/sh", "-c", script], environment: environment, folder: folder,
    standardError: standardError,
    limits: .init(message: message, total: total, bytes: bytes, memory: memory))
}

extension ChildProcess {
  func say(_ text: String) throws -> String {
    String(decoding: try exchange(Data(text.utf8)), as: UTF8.self)
  }
}

/// Whether nothing runs under this number, or any more.
func isGone(_ process: pid_t) -> Bool { kill(process, 0) != 0 }

/// Whether a process runs whose arguments hold this text.
func runs(_ text: String) -> Bool {
  ProcessTree.entries().contains { entry in
    let line = try? String(contentsOfFile: "/proc/\(entry.process)/cmdline", encoding: .utf8)
    return !entry.isZombie && (line ?? "").contains(text)
  }
}

/// Waits until something holds, for ten seconds at most.
private func wait(seconds: Double = 10, until holds: () -> Bool) {
  for _ in 0..<Int(seconds * 50) {
    if holds() { return }
    usleep(20_000)
  }
}

@Suite struct ChildProcessTests {
  @Test func linesGoBothWays() throws {
    let cat = try ChildProcess(["cat"])
    for i in 0..<500 { #expect(try cat.say("line \(i)") == "line \(i)") }
    #expect(try cat.say("") == "")
    #expect(cat.finish() == .exited(0))
    #expect(isGone(cat.process))
  }

  /// A pipe holds 64 kB: who only writes, and then only reads, waits for ever.
  @Test func aLongLineComesBackWhileItIsSent() throws {
    let cat = try ChildProcess(["cat"])
    let long = String(repeating: "0123456789", count: 200_000)
    #expect(try cat.say(long) == long)
    #expect(cat.finish() == .exited(0))
  }

  @Test func argumentsEnvironmentAndFolderArrive() throws {
    let child = try ChildProcess(
      ["/bin/sh", "-c", "read x; echo \"$1|$WORD|$(pwd -P)|$x\"", "sh", "a b; $(c) *"],
      environment: ["WORD": "given", "PATH": "/usr/bin:/bin"], folder: "/usr")
    #expect(try child.say("hello") == "a b; $(c) *|given|/usr|hello")
  }

  @Test func aProgramThatCannotBeStarted() throws {
    #expect(throws: ChildProcessError.cannotStart("no-such-program", "No such file or directory")) {
      try ChildProcess(["no-such-program"])
    }
    #expect(throws: ChildProcessError.cannotStart("/etc/passwd", "Permission denied")) {
      try ChildProcess(["/etc/passwd"])
    }
    #expect(throws: ChildProcessError.self) { try ChildProcess([]) }
    #expect {
      try ChildProcess(["cat"], folder: "/no/such/folder")
    } throws: {
      "\($0)".contains("/no/such/folder cannot be entered")
    }
  }

  /// A child that has not executed its program yet holds the pipes of all others, and must not be taken for
  /// what one of them left running.
  @Test func programsThatStartWhileOthersEnd() {
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<40 {
        do {
          let cat = try ChildProcess(["cat"])
          #expect(try cat.say("a") == "a")
          cat.end()
        } catch {
          Issue.record(error)
        }
      }
    }
  }

  @Test func silence() throws {
    let child = try shell("sleep 1000", message: 0.1)
    #expect(throws: ChildProcessError.silent(0.1)) { try child.say("?") }
    #expect(isGone(child.process))
    // Once ended it stays so.
    #expect(throws: ChildProcessError.ended(.signalled(SIGKILL))) { try child.say("?") }
  }

  @Test func halfAnAnswer() throws {
    let child = try shell("read x; printf half; sleep 1000", message: 0.2)
    #expect(throws: ChildProcessError.slow(0.2)) { try child.say("?") }
    #expect(isGone(child.process))
  }

  /// A byte now and then buys no time.
  @Test func anAnswerThatNeverEnds() throws {
    let child = try shell("read x; while :; do printf x; sleep 0.02; done", message: 0.3)
    #expect(throws: ChildProcessError.slow(0.3)) { try child.say("?") }
    #expect(isGone(child.process))
  }

  /// Though a pipe of the program's is always ready, its time runs out.
  @Test(arguments: ["yes >&2 & exec sleep 1000", "exec tr '\\n' x </dev/zero"])
  func noiseIsNoAnswer(script: String) throws {
    let child = try shell("read x; \(script)", message: 0.3, bytes: 1 << 30)
    #expect {
      try child.say("?")
    } throws: {
      [ChildProcessError.silent(0.3), .slow(0.3)].contains($0 as? ChildProcessError)
    }
    #expect(isGone(child.process))
  }

  /// What whoever asks does meanwhile is not the program's time.
  @Test func thinkingCostsTheProgramNothing() throws {
    let cat = try ChildProcess(["cat"], limits: .init(message: 10, total: 0.3))
    #expect(try cat.say("a") == "a")
    usleep(400_000)
    #expect(try cat.say("b") == "b")
  }

  @Test func everythingTogetherTakesTooLong() throws {
    let child = try shell("while read x; do sleep 0.05; echo $x; done", total: 0.3)
    #expect(throws: ChildProcessError.overTime(0.3)) {
      while true { _ = try child.say("?") }
    }
    #expect(isGone(child.process))
  }

  @Test(arguments: [
    ("read x; exit 3", ChildProcess.Ending.exited(3)), ("exit 0", .exited(0)),
    ("read x; kill -SEGV $$", .signalled(SIGSEGV)), ("read x; printf half; exit 4", .exited(4)),
  ])
  func aProgramThatDies(script: String, ending: ChildProcess.Ending) throws {
    let child = try shell(script)
    #expect(throws: ChildProcessError.ended(ending)) { try child.say("?") }
  }

  @Test func gigabytes() throws {
    let child = try shell("read x; exec cat /dev/zero", bytes: 1 << 20)
    #expect(throws: ChildProcessError.tooMuch(1 << 20)) { try child.say("?") }
    #expect(isGone(child.process))
    let other = try shell("read x; exec cat /dev/zero")
    #expect(throws: ChildProcessError.tooMuch(1000)) {
      try other.exchange(Data("?".utf8), limit: 1000)
    }
  }

  @Test func whatNobodyAsked() throws {
    let child = try shell("read x; echo $x; echo hello; sleep 1000")
    #expect(try child.say("a") == "a")
    usleep(100_000)
    #expect(throws: ChildProcessError.unasked("hello")) { try child.say("b") }
    #expect(isGone(child.process))
  }

  /// Writing to it would raise SIGPIPE, which would end this very process.
  @Test func aProgramThatDoesNotListen() throws {
    let child = try shell("exec <&-; sleep 0.1; exec sleep 1000")
    usleep(50_000)
    #expect(throws: ChildProcessError.closed) { try child.say("?") }
    #expect(isGone(child.process))
    let other = try shell("exec >&-; exec sleep 1000")
    #expect(throws: ChildProcessError.closed) { try other.say("?") }
    #expect(isGone(other.process))
  }

  @Test func standardErrorPassesThrough() throws {
    let heard = Heard()
    let child = try shell(
      "read x; echo first >&2; echo $x; read x; echo last >&2",
      standardError: .relayed { heard.add($0) })
    #expect(try child.say("a") == "a")
    child.finish()
    #expect(heard.text == "first\nlast\n")
  }

  @Test func interruptedFromAnotherThread() throws {
    let child = try shell("sleep 1000")
    nonisolated(unsafe) let shared = child
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.1) { shared.interrupt() }
    #expect(throws: ChildProcessError.interrupted) { try child.say("?") }
    #expect(isGone(child.process))
  }

  @Test func signalsAreTheDefaultOnes() throws {
    // Ctrl-C is ignored here while a check runs; a program must not inherit that.
    let before = signal(SIGTERM, SIG_IGN)
    defer { signal(SIGTERM, before) }
    let child = try shell("read x; kill -TERM $$; echo alive")
    #expect(throws: ChildProcessError.ended(.signalled(SIGTERM))) { try child.say("?") }
  }

  #if os(Linux)
    @Test func memoryIsLimited() throws {
      let script = "read x; head -c 60000000 /dev/zero | tail | wc -c"
      #expect(try shell(script, memory: 32 << 20).say("?") == "0")
      #expect(try shell(script).say("?") == "60000000")
    }

    /// Children in the group, in a session of their own, without a trace in the environment, and of a
    /// program that has ended long ago.
    @Test(
      .serialized,
      arguments: [
        "sleep 1%d & read x; echo $x; sleep 1000", "setsid sleep 1%d & read x; echo $x; sleep 1000",
        "(setsid sleep 1%d &); read x; echo $x; exit 0",
        "(setsid env -i sleep 1%d &); read x; echo $x; exit 0",
        "(setsid env -i sh -c 'sleep 1%d; :' &); read x; echo $x; exit 0",
      ])
    func nothingIsLeftRunning(script: String) throws {
      let number = "1\(getpid())"
      let child = try shell(script.replacingOccurrences(of: "1%d", with: number))
      #expect(try child.say("a") == "a")
      wait { runs("sleep\0\(number)") }
      child.end()
      #expect(!runs("sleep\0\(number)"))
    }

    /// Nothing tells whose it is, or a lie does; it goes with the next program that is ended, though others
    /// run on.
    @Test(.serialized, arguments: ["", "TIECHECK_CHILD=x"])
    func aStrayWithoutATrace(lie: String) throws {
      let number = "2\(lie.count)\(getpid())"
      let other = try ChildProcess(["cat"])
      let child = try shell(
        "(setsid env -i \(lie) sleep \(number) </dev/null >/dev/null 2>&1 &); read x; echo $x")
      #expect(try child.say("a") == "a")
      // Other tests run programs meanwhile, and it may have gone with one of them.
      wait(seconds: 0.5) { runs("sleep\0\(number)") }
      child.end()
      for _ in 0..<600 {
        if !runs("sleep\0\(number)") { break }
        try ChildProcess(["true"]).end()
        usleep(50_000)
      }
      #expect(!runs("sleep\0\(number)"))
      #expect(try other.say("still") == "still")
    }
  #endif
}

final class Heard: @unchecked Sendable {
  private let lock = NSLock()
  private var data = Data()
  func add(_ more: Data) { lock.withLock { data += more } }
  var text: String { lock.withLock { String(decoding: data, as: UTF8.self) } }
}
