import CheckReport
import CourseGrading
import FaultGallery
import GSLKit
import GradientCheck
import ModelPipe
import TextNotebook
import TiedLayers

/// Why a command stops: a sentence for the person who called it, and the status it ends with.
struct CommandError: Error, CustomStringConvertible {
  let status: ExitStatus
  let description: String

  /// - Parameter description: one sentence or several, in one line: what comes from outside, such as a path or
  ///   a cell of a table, must not end it.
  init(_ status: ExitStatus, _ description: String) {
    self.status = status
    self.description = harmless(description)
  }

  /// - Parameter lines: the sentence and what proves it, in lines of their own.
  init(_ status: ExitStatus, lines: String) {
    self.status = status
    description = harmless(lines, keeping: "\n\t")
  }

  /// What any error that reaches the command line means there. An error that nobody foresaw is a
  /// fault of ours.
  init(_ error: any Error) {
    switch error {
    case let error as CommandError: self = error
    case ChildProcessError.cannotStart: self.init(.noInput, "\(error)")
    case is ChildProcessError, is PipeError: self.init(.badInput, "\(error)")
    case let error as FaultNotApplicable: self.init(.usage, "\(error)")
    case let error as NotebookError: self.init(.badInput, lines: "\(error)")
    case is NonFiniteObjective, is NonDeterministicObjective, is LossDomainError, is ShapeMismatch,
      is NothingToCheck, is ModelFileError, is TokenError, is SequenceLengthError,
      is UpdateSubjectProblem:
      self.init(.badInput, "\(error)")
    case let error as GradingError: self.init(error.status, lines: "\(error)")
    case let error as ResultsFolderError:
      self.init(error.isAboutContents ? .badInput : .noInput, "\(error)")
    default: self.init(.internalFault, "\(error). This is a fault of tiecheck's; please report it.")
    }
  }
}

extension GradingError {
  var status: ExitStatus {
    switch self {
    case .noFolder: .noOutput
    case .unreadableExercises: .noInput
    case .noExercises, .teacherDoesNotCompile, .badCatalogue, .teacherIsWrong, .tampered: .badInput
    case .interrupted: .undecided
    }
  }
}
