import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck

/// A loss over two uses of W and a further parameter, watched from outside: no layer can be run by itself.
final class LossByUse: PathObjective {
  typealias Loss = (_ first: [Double], _ second: [Double], _ other: [Double]) -> Double
  let kernel: Parameter<Double>
  let other: Parameter<Double>
  private let loss: Loss
  /// The claims of the two uses; nil for none.
  private let claims: ((_ kernel: [Double], _ other: [Double]) -> [[Double]])?

  convenience init(
    _ kernel: [Double], _ other: [Double],
    claims: ((_ kernel: [Double], _ other: [Double]) -> [[Double]])? = nil, _ loss: @escaping Loss
  ) {
    self.init(Parameter("W", kernel), other, claims: claims, loss)
  }

  init(
    _ kernel: Parameter<Double>, _ other: [Double],
    claims: ((_ kernel: [Double], _ other: [Double]) -> [[Double]])? = nil, _ loss: @escaping Loss
  ) {
    self.kernel = kernel
    self.other = Parameter("g", other)
    self.loss = loss
    self.claims = claims
  }

  var parameters: [any AnyParameter] { [kernel, other] }
  var layerNames: [String] { ["enc", "dec", "gate"] }
  var uses: [Use] {
    [("enc", 0), ("dec", 0), ("gate", 1)].enumerated().map {
      Use(layer: $0, layerName: $1.0, parameter: $1.1, isTransposed: false)
    }
  }
  var claimsByUse: Bool { claims != nil }
  func value() throws -> Double { loss(kernel.flat, kernel.flat, other.flat) }
  func gradients() throws -> [[Double]?] {
    guard let byUse = claims?(kernel.flat, other.flat) else { return [nil, nil] }
    return [zip(byUse[0], byUse[1]).map(+), nil]
  }
  func gradientsByUse() throws -> [[Double]?] { claims!(kernel.flat, other.flat) + [nil] }
  func pathFunction(_ use: Use) throws -> PathFunction {
    { [self] change in
      let moved = parameters[use.parameter].standing(change) {
        parameters[use.parameter].flat
      }
      return switch use.layer {
      case 0: loss(moved, kernel.flat, other.flat)
      case 1: loss(kernel.flat, moved, other.flat)
      default: loss(kernel.flat, kernel.flat, moved)
      }
    }
  }
}

private func relu(_ x: Double) -> Double { x > 0 || x.isNaN ? x : 0 }

struct UseDependenceTests {
  private func dependence(_ objective: LossByUse) throws -> UseDependence {
    let before = bits(objective.parameters)
    defer { #expect(bits(objective.parameters) == before) }
    return try UseDependence(of: objective.kernel, in: objective, seed: 1) {
      let function = try objective.pathFunction(objective.uses[1])
      return { values in [try values.map { try function(.values($0)) } ?? objective.value()] }
    }
  }

  private func follows(_ objective: LossByUse) throws -> TieGroup.Follows {
    try TieCheck().follows(byLossOf: objective, objective.uses[1])
  }

  @Test func aUseThatIsHeardFollows() throws {
    let objective = LossByUse([0.3, 0.7], [1]) { e, d, g in e[0] * d[1] + g[0] * d[0] }
    #expect(try dependence(objective) == .here)
    #expect(try follows(objective).verdict == .pass)
    #expect(try follows(objective).reason == nil)
  }

  /// The right twin of a copy: the same loss with its gate at zero.
  @Test func aShutGateIsOpenCloseBy() throws {
    let objective = LossByUse([0.3, 0.7], [0]) { e, d, g in e[0] + g[0] * d[0] }
    #expect(try dependence(objective) == .nearby)
    let follows = try follows(objective)
    #expect(follows.verdict == .pass)
    #expect(follows.reason?.contains("the use is silent at this point") == true)
  }

  @Test func aKernelAtZeroBehindAKernelAtZero() throws {
    let objective = LossByUse([0, 0], [0]) { e, d, _ in e[0] * e[0] * d[0] + e[1] }
    #expect(try dependence(objective) == .nearby)
    #expect(try follows(objective).verdict == .pass)
  }

  @Test func deadUnitsWakeUpFarAway() throws {
    let objective = LossByUse([0.3, 0.7], [-10]) { e, d, g in e[0] + relu(g[0]) * d[0] }
    #expect(try dependence(objective) == .elsewhere)
    let follows = try follows(objective)
    #expect(follows.verdict == .inconclusive)
    #expect(follows.reason?.contains("silent at this point") == true)
    #expect(follows.reason?.contains("copy") == false)
  }

  @Test func aZeroInputIsNoCopy() throws {
    let objective = LossByUse([0.3, 0.7], [1]) { e, d, _ in e[0] + 0 * d[0] }
    #expect(try dependence(objective) == .maskedByZero)
    #expect(try follows(objective).verdict == .inconclusive)
  }

  @Test func tinyValuesAreNoCopy() throws {
    let objective = LossByUse([1e-308, 1e-308], [1]) { e, d, g in e[1] + g[0] + d[0] }
    #expect(try dependence(objective) == .here)
  }

  @Test func valuesBesideHugeOnesAreNoCopy() throws {
    let objective = LossByUse([0.3, 0.7], [1e20]) { e, d, g in e[1] + (g[0] + d[0]) }
    #expect(try dependence(objective) == .here)
  }

  /// The wrong twin of all of these: the second use reads what W was when the model was made.
  @Test func aCopyIsSeenNowhere() throws {
    let copy = [0.3, 0.7]
    for gate in [1.0, 0, -10] {
      let objective = LossByUse(copy, [gate]) { e, _, g in e[0] + relu(g[0]) * copy[0] }
      #expect(try dependence(objective) == .nowhere)
      let follows = try follows(objective)
      #expect(follows.verdict == .fail)
      #expect(follows.reason?.contains("it holds a copy") == true)
    }
  }

  /// What cannot be computed far away says nothing: the copy is still one, and the gate still shut.
  @Test func lossesThatAreNoNumbersFarAwaySayNothing() throws {
    let copy = [0.3, 0.7]
    let objective = LossByUse(copy, [0.5]) { e, _, g in e[0] + g[0].squareRoot() * copy[0] }
    #expect(try dependence(objective) == .nowhere)
  }
}
