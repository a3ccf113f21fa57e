import CheckReport
import Foundation
import GradientCheck

/// One check that a test asks for: run, recorded where TIECHECK_RESULTS says, and failed once if it
/// did not pass.
struct Expectation {
  let name: String
  let site: CallSite
  let options: CheckOptions
  let allowed: Set<Allowance>

  /// - Parameters:
  ///   - name: nil for the name of the test.
  ///   - options: nil for the defaults of the objective's precision.
  init(
    _ name: String?, _ site: CallSite, _ options: CheckOptions?, _ allowed: Set<Allowance>,
    for objective: (any Objective)?
  ) {
    self.options =
      options ?? objective.map { CheckOptions(rtol: CheckOptions.defaultTolerance(for: $0)) }
      ?? CheckOptions()
    let seed = self.options.seed
    self.name = (name ?? site.name) + (seed == CheckOptions().seed ? "" : ", seed \(seed)")
    self.site = site
    self.allowed = allowed
  }

  /// Runs the check. Whatever goes wrong is one failure at the caller's line.
  /// - Returns: nil where there is no result: the failure says why.
  func run(_ makeCase: (_ name: String, _ model: String) throws -> CheckCase) -> CaseResult? {
    var complaints: [String] = []
    let folder = Self.resultsFolder
    var entry: ResultsFolder.Entry?
    do {
      entry = try folder?.begin(name, site.origin, command: Self.command, seed: options.seed)
    } catch {
      complaints.append(cannotWrite(folder, error))
    }

    let record: CheckRecord
    var result: CaseResult?
    do {
      var found = try makeCase(name, site.origin.place).run(options)
      if allowed.contains(.inconclusive) { found = found.accepting(.inconclusive) }
      if allowed.contains(.vacuous) { found = found.accepting(.vacuous) }
      if !found.isAsExpected { complaints.insert(FailureMessage.text(for: found), at: 0) }
      record = self.record(cases: [found])
      result = found
    } catch {
      let broken = BrokenCheck(name: name, place: site.origin.place, threw: error)
      complaints.insert(FailureMessage.text(for: broken), at: 0)
      record = self.record(cases: [], broken: [broken])
    }

    do {
      try entry?.write(record)
    } catch {
      complaints.append(cannotWrite(folder, error))
    }
    if !complaints.isEmpty {
      FailureRecorder.record(complaints.joined(separator: "\n"), at: site)
    }
    return result
  }

  private static let command = "swift test"

  private func record(cases: [CaseResult], broken: [BrokenCheck] = []) -> CheckRecord {
    CheckRecord(
      seed: options.seed, command: Self.command, cases: cases, broken: broken, origin: site.origin)
  }

  @TaskLocal static var environment = ProcessInfo.processInfo.environment

  /// Where results go; nil where nobody asked for them.
  private static var resultsFolder: ResultsFolder? {
    environment["TIECHECK_RESULTS"].flatMap { $0.isEmpty ? nil : ResultsFolder($0) }
  }

  private func cannotWrite(_ folder: ResultsFolder?, _ error: any Error) -> String {
    "The result could not be written into TIECHECK_RESULTS=\(folder?.path ?? ""): "
      + "\(error.localizedDescription)"
  }
}
