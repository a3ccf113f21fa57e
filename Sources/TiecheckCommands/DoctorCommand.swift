import ArgumentParser

struct DoctorCommand: Subcommand {
  static let configuration = CommandConfiguration(commandName: "doctor")
  func execute() throws -> ExitStatus { .success }
}
