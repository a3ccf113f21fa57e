import ArgumentParser
import GSLKit
import GradientCheck
import TiedLayers

/// The arithmetic that a model works in.
enum Precision: String, CaseIterable, ExpressibleByArgument, TypedText {
  case double
  case float
}

/// Whose losses a Float model's gradient is compared with.
enum WitnessPrecision {
  /// The model's own.
  case own
  /// Those of the same network in Double, which certify many more digits.
  case double
}

extension Precision {
  var unitRoundoff: Double { self == .float ? Float.unitRoundoff : Double.unitRoundoff }

  /// The relative difference that is accepted unless the user says otherwise. Against a Double
  /// witness a Float backward pass shows its own rounding, and no more.
  func defaultTolerance(witness: WitnessPrecision) -> Double {
    self == .float && witness == .double
      ? 1e-4 : CheckOptions.defaultTolerance(unitRoundoff: unitRoundoff)
  }
}
