import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

struct LastUsesTests {
  /// Measured, sample by sample, against what the layer claims for its last use.
  @Test func theLastUseOfEverySampleIsMeasured() throws {
    let model = repeated(3, uses: 3) { $0.skipped = [2] }
    let gradient = try gradientResult(model)
    let found = try #require(
      try LastUses.measure(model, gradient.parameters[0], parameter: 0))
    // The third turn is taken by nobody: the second is every sample's last.
    let claimed = try #require(try model.gradientsByUse()[1])
    for (i, entry) in gradient.parameters[0].entries.enumerated() {
      #expect(abs(found[i] - claimed[i]) <= 4 * entry.bound)
    }
  }

  @Test func whereNoLayerUsesAParameterTwiceThereIsNothingToMeasure() throws {
    let model = try autoencoder(1)
    let gradient = try gradientResult(model)
    #expect(try LastUses.measure(model, gradient.parameters[0], parameter: 0) == nil)
  }
}
