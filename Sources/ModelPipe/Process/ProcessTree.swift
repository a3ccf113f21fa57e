import CChildProcess
import Foundation

/// Finds and kills everything that a started program left running.
///
/// Killing the process group is not enough: a program may start another in a group or session of its
/// own, and end before it. On Linux, where /proc can be read, five traces are followed: the process
/// group, the session, the parents (orphans become children of this process, see
/// `child_adopt_orphans`), a variable in the environment that each started program was given, and the
/// pipes that it was given. An orphan without any trace is taken for a stray of whichever program is
/// ended next, and killed with that. Elsewhere the process group is all.
///
/// What plain user rights cannot prevent: a process that another user's rights were given to (sudo,
/// setuid), and one started by a service on the program's behalf (cron, at, a container daemon).
enum ProcessTree {
  static let markerName = "TIECHECK_CHILD"

  /// By what a program's descendants are known.
  struct Traces {
    /// Its process, process group and session.
    let leader: pid_t
    /// The variable in its environment, NAME=value.
    let marker: String
    /// Its pipes, as /proc calls them: "pipe:[123]".
    let pipes: Set<String>
  }

  /// The programs that run now.
  private static let registry = Registry()

  private final class Registry: @unchecked Sendable {
    /// Held from a fork until the child is registered: until it executes its program it holds all pipes
    /// of this process, and would be taken for any other program's.
    let lock = NSLock()
    var running: [pid_t: Traces] = [:]
    let adopts = child_adopt_orphans() == 0
  }

  /// Starts a program; nil where that failed.
  static func start(_ body: () -> Traces?) -> Traces? {
    registry.lock.withLock {
      guard let program = body() else { return nil }
      registry.running[program.leader] = program
      return program
    }
  }

  static func unregister(_ process: pid_t) {
    registry.lock.withLock { registry.running[process] = nil }
  }

  /// Kills a program that has not been reaped, and all that is left of it.
  static func kill(_ program: Traces) {
    let leader = program.leader
    var killed: Set<pid_t> = []
    // What is being killed may be starting more: again, until nothing is found.
    for round in 0..<200 {
      _ = Foundation.kill(-leader, SIGKILL)
      _ = Foundation.kill(leader, SIGKILL)
      let (found, alive) = registry.lock.withLock {
        let found = members(
          of: program, among: entries(), running: registry.running, takesStrays: registry.adopts,
          marks: Marks.init(of:))
        let alive = found.filter { !$0.isZombie && $0.process != leader }
        for entry in alive { _ = Foundation.kill(entry.process, SIGKILL) }
        return (found, alive)
      }
      killed.formUnion(found.map(\.process))
      if alive.isEmpty { break }
      usleep(round < 20 ? 1000 : 10_000)
    }
    // Adopted, they are ours to bury.
    for process in killed where process != leader { _ = waitpid(process, nil, WNOHANG) }
  }

  // MARK: /proc

  struct Entry {
    let process, parent, group, session: pid_t
    let isZombie: Bool
  }

  /// What a process itself shows of where it comes from.
  struct Marks {
    /// NAME=value, each.
    var environment: [String] = []
    var pipes: Set<String> = []

    init() {}

    /// A process can forbid that these are read: then it shows no trace.
    init(of process: pid_t) {
      environment = ProcessTree.environment(of: process) ?? []
      pipes = Set(ProcessTree.pipes(of: process))
    }

    func show(_ program: Traces) -> Bool {
      environment.contains(program.marker) || !program.pipes.isDisjoint(with: pipes)
    }
  }

  /// The processes that belong to a program.
  /// - Parameters:
  ///   - running: all programs, by their leaders.
  ///   - takesStrays: whether an orphan without a trace may be one of this program's.
  static func members(
    of program: Traces, among all: [Entry], running: [pid_t: Traces], takesStrays: Bool,
    marks: (pid_t) -> Marks
  ) -> [Entry] {
    let leader = program.leader
    let own = getpid()
    let others = running.filter { $0.key != leader }
    var members: Set<pid_t> = [leader]
    for entry in all where entry.process != own && others[entry.process] == nil {
      if entry.group == leader || entry.session == leader {
        members.insert(entry.process)
      } else if entry.parent == own || entry.parent == 1 {
        let marks = marks(entry.process)
        if marks.show(program) {
          members.insert(entry.process)
        } else if takesStrays, entry.parent == own, entry.session != getsid(0),
          others[entry.session] == nil, others[entry.group] == nil,
          // A marker that is no other program's was made up.
          !others.values.contains(where: marks.show)
        {
          members.insert(entry.process)
        }
      }
    }
    var isGrowing = true
    while isGrowing {
      isGrowing = false
      for entry in all where members.contains(entry.parent) {
        if members.insert(entry.process).inserted { isGrowing = true }
      }
    }
    return all.filter { members.contains($0.process) }
  }

  /// Every process that can be seen; empty where there is no /proc.
  static func entries() -> [Entry] {
    guard let folder = opendir("/proc") else { return [] }
    defer { closedir(folder) }
    var entries: [Entry] = []
    while let item = readdir(folder) {
      let name = withUnsafePointer(to: &item.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard let process = pid_t(name), let text = contents("/proc/\(name)/stat"),
        // pid (name) state parent group session: the name may hold anything.
        let end = text.lastIndex(of: UInt8(ascii: ")"))
      else { continue }
      let fields = text[(end + 1)...].split(separator: UInt8(ascii: " ")).prefix(4)
        .map { String(decoding: $0, as: UTF8.self) }
      guard fields.count == 4, let parent = pid_t(fields[1]), let group = pid_t(fields[2]),
        let session = pid_t(fields[3])
      else { continue }
      entries.append(
        Entry(
          process: process, parent: parent, group: group, session: session,
          isZombie: fields[0] == "Z" || fields[0] == "X"))
    }
    return entries
  }

  /// NAME=value, each; nil where it cannot be read.
  private static func environment(of process: pid_t) -> [String]? {
    contents("/proc/\(process)/environ").map { bytes in
      bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
  }

  /// The pipes that a process holds.
  private static func pipes(of process: pid_t) -> [String] {
    let folder = "/proc/\(process)/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { name in
      let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
      return link?.hasPrefix("pipe:") == true ? link : nil
    }
  }

  /// A pipe by one of its ends.
  static func pipe(_ descriptor: Int32) -> String? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? "pipe:[\(status.st_ino)]" : nil
  }

  private static func contents(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      guard count > 0 else { return count == 0 ? bytes : nil }
      bytes += chunk[..<count]
    }
  }
}
