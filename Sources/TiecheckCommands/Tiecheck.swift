import ArgumentParser
import CheckReport
import Foundation
import TextNotebook

/// The command line, from arguments to exit status.
package enum Tiecheck {
  /// Runs one command line in-process.
  /// - Parameters:
  ///   - arguments: without the program's name.
  ///   - console: where its words go.
  /// - Returns: the exit status.
  package static func run(_ arguments: [String], console: Console = .process) -> Int32 {
    Console.$current.withValue(console) {
      do {
        var command = try TiecheckCommand.parseAsRoot(arguments)
        if let command = command as? any Subcommand { return try command.execute().rawValue }
        try command.run()
        return ExitStatus.success.rawValue
      } catch {
        return status(of: error, console).rawValue
      }
    }
  }

  /// The same in a program that has notebooks compiled into it.
  package static func run(
    _ arguments: [String], notebooks: [CompiledNotebook], console: Console = .process
  ) async -> Int32 {
    let command = try? TiecheckCommand.parseAsRoot(arguments)
    guard let command = command as? any CompiledNotebookCommand else {
      return run(arguments, console: console)
    }
    return await Console.$current.withValue(console) {
      do {
        return try await command.execute(notebooks).rawValue
      } catch {
        return status(of: error, console).rawValue
      }
    }
  }

  /// Says what an error means, or what ArgumentParser ends a command with: the help, the version, or
  /// what is wrong with the arguments.
  private static func status(of error: any Error, _ console: Console) -> ExitStatus {
    do {
      let code = TiecheckCommand.exitCode(for: error)
      let text = TiecheckCommand.fullMessage(for: error)
      if code.isSuccess {
        try console.write(Data((text + "\n").utf8))
        return .success
      }
      guard code == .validationFailure else { throw error }
      console.say(text)
      return .usage
    } catch {
      let error = CommandError(error)
      console.say("Error: \(error)")
      return error.status
    }
  }
}

/// A subcommand that says by its status how it went.
protocol Subcommand: ParsableCommand {
  func execute() throws -> ExitStatus
}

/// The root of the command line.
struct TiecheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tiecheck",
    abstract: "Checks gradients of networks whose layers share a kernel.",
    discussion: """
      Two layers share one kernel, one of them uses it transposed. Is the gradient of the shared \
      kernel the sum of what both uses contribute, and does every update move it once?

      Exit status: 0 every verdict is the expected one; 1 a check failed unexpectedly, or one that \
      was expected to fail did not; 2 something could not be told; 64 the command line is wrong; \
      65 an input is not what it should be; 66 an input cannot be read; 73 an output cannot be \
      written; 70 a fault of tiecheck's.
      """,
    version: CheckRecord.Tool.current.version,
    subcommands: [
      ReportCommand.self, CheckCommand.self, SummaryCommand.self, FaultsCommand.self,
      CourseworkCommand.self, GradeCommand.self, DoctorCommand.self, CalibrateCommand.self,
      NotebookCommand.self, VerifyCommand.self,
    ])
}
