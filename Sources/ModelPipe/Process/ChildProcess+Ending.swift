import Foundation

/// The end of the program and of everything that it started.
extension ChildProcess {
  /// Closes the program's input, waits for it to exit, and then ends whatever is left of it.
  /// - Parameters:
  ///   - message: a last line, to which no answer is expected.
  ///   - seconds: how long it may take.
  @discardableResult
  package func finish(_ message: Data? = nil, within seconds: Double = 2) -> Ending {
    guard ending == nil else { return ending! }
    if let message {
      // No more than a pipe takes at once: what does not read will not be waited for.
      var pending = message + Data([Self.lineFeed])
      _ = try? write(&pending)
    }
    close(input)
    input = -1
    let deadline = ProcessInfo.processInfo.systemUptime + seconds
    // Something may be left to say, and a full pipe would keep it from exiting.
    while !wait(seconds: 0), ProcessInfo.processInfo.systemUptime < deadline {
      var descriptors = [pollfd(fd: output, events: Int16(POLLIN), revents: 0)]
      if error >= 0 { descriptors.append(pollfd(fd: error, events: Int16(POLLIN), revents: 0)) }
      guard poll(&descriptors, nfds_t(descriptors.count), 20) > 0 else { continue }
      buffer.removeAll()
      searched = 0
      if descriptors[0].revents != 0, (try? readOutput(atMost: 1 << 16)) != true {
        usleep(5000)
      }
      if descriptors.count > 1, descriptors[1].revents != 0 { relayError() }
    }
    return end()
  }

  /// Kills the process group and everything that left it, and says how the program itself ended.
  @discardableResult
  package func end() -> Ending {
    if isReaped { return ending! }
    _ = wait(seconds: 0)
    lock.withLock {
      // Not reaped yet, its number is still its own.
      ProcessTree.kill(traces)
      if ending == nil { ending = Self.reap(process) } else { _ = Self.reap(process) }
      isReaped = true
    }
    ProcessTree.unregister(process)
    for _ in 0..<64 where error >= 0 {
      var descriptor = pollfd(fd: error, events: Int16(POLLIN), revents: 0)
      guard poll(&descriptor, 1, 0) > 0 else { break }
      relayError()
    }
    for descriptor in [input, output, error] where descriptor >= 0 { close(descriptor) }
    (input, output, error) = (-1, -1, -1)
    return ending!
  }

  /// Ends the program's group from another thread; an exchange that waits for it throws.
  package func interrupt() {
    lock.withLock {
      isInterrupted = true
      if !isReaped { ProcessTree.kill(traces) }
    }
  }

  /// Whether the program has exited, asked for so long. It stays a zombie, so that nothing else can be
  /// given its number.
  func wait(seconds: Double) -> Bool {
    let deadline = ProcessInfo.processInfo.systemUptime + seconds
    repeat {
      var information = siginfo_t()
      if waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT) == 0,
        let found = Self.ending(information, of: process)
      {
        ending = found
        return true
      }
      if seconds > 0 { usleep(2000) }
    } while ProcessInfo.processInfo.systemUptime < deadline
    return false
  }

  private static func ending(_ information: siginfo_t, of process: pid_t) -> Ending? {
    #if os(Linux)
      let (pid, status) = (
        information._sifields._sigchld.si_pid, information._sifields._sigchld.si_status
      )
    #else
      let (pid, status) = (information.si_pid, information.si_status)
    #endif
    guard pid == process else { return nil }
    return information.si_code == CLD_EXITED ? .exited(status) : .signalled(status)
  }

  private static func reap(_ process: pid_t) -> Ending {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7F == 0 ? .exited((status >> 8) & 0xFF) : .signalled(status & 0x7F)
  }
}
