import Foundation
import Testing
import TiedLayers

@testable import GradientCheck

private func evidence(_ objective: any PathObjective) throws -> (Evidence, GradientResult) {
  let gradient = try gradientResult(objective)
  return (try Evidence(objective, gradient, .standard), gradient)
}

struct EvidenceTests {
  @Test func residualsAreInUnitsOfTheirBound() throws {
    let model = try autoencoder(1, features: 4, hidden: [3, 2])
    let (found, gradient) = try evidence(model)
    #expect(found.residuals.map(\.parameter) == ["W1", "W2"])
    for map in found.residuals {
      let tensor = gradient.parameters.first { $0.name == map.parameter }!
      #expect(map.ratios.count == tensor.shape[0])
      #expect(map.ratios.allSatisfy { $0.count == tensor.shape[1] })
      let flat = map.ratios.flatMap { $0 }
      #expect(flat.allSatisfy { abs($0) <= 1 })
      #expect(zip(flat, tensor.entries).allSatisfy { $0 == ($1.analytic - $1.numeric) / $1.bound })
    }
  }

  @Test func theSweepShowsTruncationAndRoundOff() throws {
    let model = try autoencoder(2)
    let before = bits(model.parameters)
    let sweep = try evidence(model).0.sweeps[0]
    #expect(bits(model.parameters) == before)
    let points = sweep.points
    #expect(zip(points, points.dropFirst()).allSatisfy { $0.step < $1.step })
    let smallest = points.min { $0.centralError < $1.centralError }!
    #expect(points.first!.centralError > 100 * smallest.centralError)
    #expect(points.last!.centralError > 100 * smallest.centralError)
    // Truncation of the central difference: slope 2 in the step, far from round-off.
    let (a, b) = (points[points.count - 6], points[points.count - 2])
    let slope = Foundation.log(b.centralError / a.centralError) / Foundation.log(b.step / a.step)
    #expect(abs(slope - 2) < 0.3)
    #expect(sweep.chosenStep > points.first!.step && sweep.chosenStep < points.last!.step)
  }

  @Test func theBoundCoversTheErrorAtEveryStep() throws {
    for seed in 1...10 {
      for point in try evidence(autoencoder(UInt64(seed))).0.sweeps[0].points {
        #expect(point.fivePointError <= point.bound, "seed \(seed), step \(point.step)")
      }
    }
  }

  @Test func aKernelWithoutAClaimIsLeftOut() throws {
    let model = try autoencoder(1)
    let gradient = try gradientResult(Tampered(model) { $0[0] = nil })
    let found = try Evidence(model, gradient, .standard)
    #expect(found.residuals.isEmpty && found.sweeps.isEmpty)
  }
}
