import GradientCheck
import Testing
import TiedLayers

@testable import FaultGallery

struct LastUseOnlyTests {
  /// Measured on the right model, sample by sample, against what the wrong twin claims.
  @Test func theLastUseOfEverySampleIsMeasured() throws {
    let model = GalleryModel.named("recurrent")
    let right = try model.make(2)
    let claimed = try FaultInjection(ImmediateOnly()).wrong(model.make(2)).gradients()
    let gradient = try gradientResult(right)
    var measured = 0
    for (p, tensor) in gradient.parameters.enumerated() {
      guard let wrong = try LastUseOnly().wrongGradients(right, tensor, parameter: p).first
      else {
        continue
      }
      measured += 1
      let claim = try #require(claimed[p])
      for (i, entry) in tensor.entries.enumerated() {
        #expect(abs(wrong.values[i] - claim[i]) <= 4 * entry.bound, "\(tensor.name)")
      }
    }
    // W_x, W_h and b, used at every step.
    #expect(measured == 3)
  }

  @Test func whereNoLayerUsesAParameterTwiceThereIsNothingToMeasure() throws {
    let model = try GalleryModel(widths: [4, 3]).make(1)
    let gradient = try gradientResult(model)
    #expect(
      try LastUseOnly().wrongGradients(model, gradient.parameters[0], parameter: 0).isEmpty)
  }
}
