import Testing
import TiedLayers
import TiedLayersTestSupport

struct ClippingTests {
  private func step(_ gradients: [[Double]], norm: Double) throws -> [[Double]] {
    let parameters = gradients.enumerated().map {
      Parameter<Double>("p\($0)", [Double](repeating: 0, count: $1.count))
    }
    try Clipping(SGD(learningRate: 1), norm: norm).step(parameters, gradients)
    return parameters.map { $0.flat.map { -$0 } }
  }

  /// |(3, 4), (12)| = 13: one norm over all parameters.
  @Test func aLongGradientIsShortenedToTheNormAndKeepsItsDirection() throws {
    let found = try step([[3, 4], [12]], norm: 6.5).flatMap { $0 }
    for (value, expected) in zip(found, [1.5, 2, 6]) { #expect(abs(value - expected) < 1e-15) }
  }

  @Test func aShortOneAndAZeroAreLeftAlone() throws {
    #expect(try step([[3, 4], [12]], norm: 13) == [[3, 4], [12]])
    #expect(try step([[0, 0]], norm: 1) == [[0, 0]])
  }

  @Test func whatIsFixedDoesNotEnterTheNorm() throws {
    let parameter = Parameter<Double>("p", [0, 0, 0])
    parameter.fixedRows = [1]
    // |(3, 4)| = 5 alone is shortened to 2.5.
    try Clipping(SGD(learningRate: 1), norm: 2.5).step([parameter], [[3, 100, 4]])
    #expect(parameter.flat == [-1.5, 0, -2])
  }

  @Test func theStateIsThatOfTheOptimizerInside() throws {
    let parameter = Parameter<Double>("p", [1, 2])
    let clipping = Clipping(SGD(learningRate: 1, momentum: 0.9), norm: 1)
    #expect(clipping.stateSlots == 0)
    try clipping.step([parameter], [[3, 4]])
    #expect(clipping.stateSlots == 1)
    let velocity = clipping.state(of: parameter)["velocity"]!
    #expect(abs(velocity[0] - 0.6) < 1e-15 && abs(velocity[1] - 0.8) < 1e-15)
  }
}
