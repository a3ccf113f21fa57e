import ArgumentParser

struct FaultsCommand: Subcommand {
  static let configuration = CommandConfiguration(commandName: "faults")
  func execute() throws -> ExitStatus { .success }
}
