import GSLKit

/// What is drawn from one seed: streams of their own, so that another batch leaves the parameters as
/// they were, and neither repeats the directions that the checkers draw from the seed itself.
enum RandomStream: UInt64 {
  case parameters = 1
  case data = 2

  func source(seed: UInt64) -> RandomSource {
    RandomSource(seed: seed ^ (rawValue << 40))
  }
}
