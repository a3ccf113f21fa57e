import ArgumentParser
import CheckReport
import Foundation

/// `tiecheck doctor`.
struct DoctorCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Say what is installed, and the command for what is missing.",
    discussion: "The status is 0 if nothing is missing, and 1 otherwise.")

  func execute() throws -> ExitStatus {
    let findings = Doctor(environment: Console.current.environment).findings
    let tool = CheckRecord.Tool.current
    var lines = ["tiecheck \(tool.version), built with Swift \(tool.swift)"]
    for finding in findings {
      lines.append("\(finding.what): \(finding.state)")
      if let remedy = finding.remedy { lines.append("  \(remedy)") }
    }
    try Console.current.write(Data((lines.joined(separator: "\n") + "\n").utf8))
    return findings.contains { $0.remedy != nil } ? .failed : .success
  }
}
