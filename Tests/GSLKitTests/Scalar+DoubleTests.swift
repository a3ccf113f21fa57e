import GSLKit
import Testing

@Suite("Scalar+Double")
struct ScalarDoubleTests {
  struct Reference: Sendable {
    let x: Double
    let tanh: Double
    let sigmoid: Double
    let sigmoidSlope: Double
    let softplus: Double
  }

  /// Computed with 60 digits, then rounded.
  static let references = [
    Reference(x: -1e3, tanh: -1, sigmoid: 0, sigmoidSlope: 0, softplus: 0),
    Reference(
      x: -700, tanh: -1, sigmoid: 9.85967654375977e-305, sigmoidSlope: 9.85967654375977e-305,
      softplus: 9.85967654375977e-305),
    Reference(
      x: -40, tanh: -1, sigmoid: 4.248354255291589e-18, sigmoidSlope: 4.248354255291589e-18,
      softplus: 4.248354255291589e-18),
    Reference(
      x: -20, tanh: -1, sigmoid: 2.0611536181902037e-09, sigmoidSlope: 2.061153613941849e-09,
      softplus: 2.061153620314381e-09),
    Reference(
      x: -3.25, tanh: -0.996997635486526, sigmoid: 0.03732688734412946,
      sigmoidSlope: 0.03593359082532813, softplus: 0.038041371687783126),
    Reference(
      x: -1e-300, tanh: -1e-300, sigmoid: 0.5, sigmoidSlope: 0.25, softplus: 0.6931471805599453),
    Reference(x: 0, tanh: 0, sigmoid: 0.5, sigmoidSlope: 0.25, softplus: 0.6931471805599453),
    Reference(
      x: 1e-300, tanh: 1e-300, sigmoid: 0.5, sigmoidSlope: 0.25, softplus: 0.6931471805599453),
    Reference(
      x: 0.5, tanh: 0.46211715726000974, sigmoid: 0.6224593312018546,
      sigmoidSlope: 0.2350037122015945, softplus: 0.9740769841801067),
    Reference(
      x: 3.25, tanh: 0.996997635486526, sigmoid: 0.9626731126558705,
      sigmoidSlope: 0.03593359082532813, softplus: 3.288041371687783),
    Reference(
      x: 20, tanh: 1, sigmoid: 0.9999999979388464, sigmoidSlope: 2.061153613941849e-09,
      softplus: 20.000000002061153),
    Reference(x: 40, tanh: 1, sigmoid: 1, sigmoidSlope: 4.248354255291589e-18, softplus: 40),
    Reference(x: 700, tanh: 1, sigmoid: 1, sigmoidSlope: 9.85967654375977e-305, softplus: 700),
    Reference(x: 1e3, tanh: 1, sigmoid: 1, sigmoidSlope: 0, softplus: 1e3),
  ]

  @Test("values and slopes equal references of 60 digits, from -1e3 to 1e3", arguments: references)
  func values(reference: Reference) throws {
    let x = reference.x
    #expect(isClose(value(.tanh, x), reference.tanh, within: 4e-16))
    #expect(isClose(value(.sigmoid, x), reference.sigmoid, within: 4e-16))
    #expect(isClose(value(.softplus, x), reference.softplus, within: 4e-16))
    #expect(isClose(try slope(.sigmoid, x), reference.sigmoidSlope, within: 6e-16))
    #expect(isClose(try slope(.softplus, x), reference.sigmoid, within: 4e-16))
    #expect(value(.relu, x) == (x < 0 ? 0 : x))
    #expect(try slope(.relu, x) == (x > 0 ? 1 : 0))
  }
}
