import GradientCheck

/// Why a program that was started cannot be talked to any longer.
package enum ChildProcessError: Error, Equatable, CustomStringConvertible {
  /// The program, and why.
  case cannotStart(String, String)
  /// Not a byte within so many seconds.
  case silent(Double)
  /// Part of a line within so many seconds.
  case slow(Double)
  /// Everything together took longer than so many seconds.
  case overTime(Double)
  /// A line of more than so many bytes.
  case tooMuch(Int)
  /// It wrote this when nothing was asked.
  case unasked(String)
  case ended(ChildProcess.Ending)
  /// It reads or says nothing more, and runs on.
  case closed
  /// By `interrupt()`.
  case interrupted

  package var description: String {
    switch self {
    case .cannotStart(let program, let reason):
      "\(program.isEmpty ? "the program" : "\"\(program)\"") cannot be started: \(reason)."
    case .silent(let seconds):
      "the program said nothing for \(short(seconds)) s. Does it read a line of standard input, "
        + "answer with a line, and flush its output?"
    case .slow(let seconds):
      "the program did not finish its answer within \(short(seconds)) s."
    case .overTime(let seconds):
      "the program was not done after \(short(seconds)) s in all."
    case .tooMuch(let bytes):
      "the program's answer is longer than \(bytes) bytes, the most that is read. It was stopped."
    case .unasked(let text):
      "the program wrote \"\(text)\" when nothing was asked. Its standard output belongs to the "
        + "protocol, one line for each question; let it print to standard error instead."
    case .ended(let ending):
      "the program ended before it had answered: \(ending). What it wrote to standard error may say "
        + "why."
    case .closed: "the program closed its standard input or output without answering."
    case .interrupted: "the program was interrupted."
    }
  }

  private func short(_ seconds: Double) -> String {
    seconds == seconds.rounded() && abs(seconds) < 1e15 ? "\(Int(seconds))" : "\(seconds)"
  }
}

extension ChildProcessError: LossFailure {
  package var isFinal: Bool { true }
}
