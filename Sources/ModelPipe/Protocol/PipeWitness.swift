/// Whose losses a program's gradient is compared with.
package enum PipeWitness: String, CaseIterable, Sendable {
  /// Those in Double where the program can answer them, its own where it cannot.
  case auto
  /// The program's own loss, computed throughout in Double at the very same numbers.
  case double
  /// The program's own, in the arithmetic that it trains in.
  case own
}

/// The losses that a check asks for, and why they are not those in Double.
struct WitnessChoice {
  let losses: PipeLosses
  let isDouble: Bool
  /// nil where the losses are in Double, or the model itself is.
  let missing: String?

  /// Rounding moves a loss by far less than that, relative to the larger of the two.
  private static let nearness = 0.05

  /// Compares the two losses at the described point first: an answer in Double that is about something
  /// else must not convict the model.
  init(
    _ asked: PipeWitness, _ description: PipeDescription, _ parameters: [PipeParameter],
    _ connection: PipeConnection
  ) throws {
    let own = PipeLosses(connection)
    func stay(_ why: String?) -> (PipeLosses, Bool, String?) { (own, false, why) }
    (losses, isDouble, missing) = try {
      guard parameters.contains(where: { $0.precision != .double }) else { return stay(nil) }
      guard asked != .own else { return stay("the check was told to use the program's own loss") }
      guard description.can.contains(PipeObjective.Capability.double.rawValue) else {
        return stay(
          description.doubleMissing.map { oneLine($0) }
            ?? "the program does not list \"double\" in \"can\"")
      }
      let double = PipeLosses(connection, witness: "double")
      let here = try own.losses([PipePoint()])[0]
      do {
        let there = try double.losses([PipePoint()])[0]
        guard abs(here - there) <= Self.nearness * max(abs(here), abs(there)) else {
          return stay(
            "the program's loss in Double is \(there), its own is \(here), and the two should be near "
              + "each other")
        }
      } catch let error as PipeError {
        guard case .refused(_, let reason) = error else { throw error }
        return stay("the program cannot answer in Double: \(reason)")
      }
      return (double, true, nil)
    }()
  }
}
