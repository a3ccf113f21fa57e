/// The whole networks and the combined bugs.
extension CalibrationTable {
  func title(_ tally: CaseTally) -> String {
    switch tally.study {
    case .autoencoders: "Tied rectifier autoencoders in Float: 20-8, 64-16 and 256-64, every loss"
    case .corners: "Networks on whole numbers, zero biases and blank rows"
    case .scales: "Values from 1e-12 to 1e12 within one tensor"
    }
  }

  func sentences(_ tally: CaseTally) -> [String] {
    let verdicts = tally.verdicts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    return [
      "\(tally.networks) right networks: \(verdicts.joined(separator: ", ")).",
      sentence("Entries", tally.entries), sentence("Entries of paths", tally.paths),
      "Errors of 1.05 times the stated sensitivity: \(tally.convicted) of \(tally.spoiled) convicted.",
    ] + (reasons(tally.entries) + reasons(tally.paths) + tally.remarks).map { "  \($0)" }
  }

  private func sentence(_ what: String, _ verdicts: CaseTally.EntryVerdicts) -> String {
    let undecided = verdicts.inconclusive.values.reduce(0, +)
    return
      "\(what): \(verdicts.total), of which \(verdicts.fail) called wrong, \(undecided) undecided, "
      + "\(verdicts.kink) accepted at a corner; nothing could be told of \(verdicts.vacuous)."
  }

  private func reasons(_ verdicts: CaseTally.EntryVerdicts) -> [String] {
    verdicts.inconclusive.sorted { $0.key < $1.key }.map { "undecided: \($0.key): \($0.value)" }
  }

  func sentences(_ tally: BugTally) -> [String] {
    [
      "\(tally.bugs) bugs: \(tally.convicted) convicted, \(tally.fullyNamed) named in full, "
        + "\(tally.unnamed) without a name, \(tally.wronglyNamed) with a wrong name."
    ] + tally.remarks.map { "  \($0)" }
  }
}
