import Foundation
import GSLKit
import GradientCheck
import TiedLayers

/// Measures the checker: random networks, right and wrong gradients, true derivatives by complex step.
///
/// - *Right* gradients are the networks' own backward passes. They are compared with the truth as well:
///   in Double the two may differ by rounding only. In Float a backward pass can be off by more than
///   the tolerance; an entry of which that is true is not right, and failing it is not false.
/// - *Wrong* gradients are right ones with every third entry moved by an error of known size. An entry's
///   verdict does not depend on the claims for the others, so this counts single errors.
/// - The *truth* of a Float network is that of the same network in Double at the same point.
/// - A tolerance is *out of reach* where the largest change it allows, over a step as large as the
///   tensor's values, is below the rounding of the loss: no finite difference within that
///   distance can certify it. Such entries are counted apart, and so are saturated networks
///   (`ScaleBand`).
package enum CalibrationRun {
  /// Runs a plan. The same plan gives the same result.
  /// - Parameter progress: told the entries done, and how many there will be.
  package static func run(_ plan: CalibrationPlan, progress: ((Int, Int) -> Void)? = nil) throws
    -> CalibrationResult
  {
    var result = CalibrationResult(plan: plan)
    let whole = plan.networks * plan.studies.count + plan.bugs
    let all = plan.entries * plan.kinds.count * plan.precisions.count + whole
    var done = 0
    for precision in plan.precisions {
      for kind in plan.kinds {
        var population = CalibrationPopulation(
          kind: kind, precision: precision, rtol: plan.tolerance(precision))
        var number = 0
        while population.entries < plan.entries {
          let draw = NetworkDraw(number, kind: kind, precision: precision, seed: plan.seed)
          switch precision {
          case .double: try measure(draw, number, as: Double.self, &population)
          case .float: try measure(draw, number, as: Float.self, &population)
          }
          number += 1
          progress?(done + min(population.entries, plan.entries), all)
        }
        done += plan.entries
        result.populations.append(population)
      }
    }
    if plan.largeNetworks > 0 {
      result.large = try LargeNetworkTally(networks: plan.largeNetworks, seed: plan.seed)
    }
    func tell() {
      done += 1
      progress?(done, all)
    }
    result.studies = try plan.studies.map {
      try CaseTally($0, networks: plan.networks, seed: plan.seed, progress: tell)
    }
    if plan.bugs > 0 {
      result.bugs = try BugTally(bugs: plan.bugs, seed: plan.seed, progress: tell)
    }
    return result
  }

  private static func measure<S: Scalar>(
    _ draw: NetworkDraw, _ number: Int, as type: S.Type, _ population: inout CalibrationPopulation
  ) throws {
    let objective = try draw.objective(as: S.self)
    guard let reference = ReferenceNetwork(objective) else {
      preconditionFailure("a network was drawn that the complex step cannot follow: \(draw)")
    }
    var measured = NetworkMeasurement(
      objective: objective, reference: reference, rtol: population.rtol,
      sizes: population.sizes, seed: UInt64(number) + 1)
    do {
      try measured.weigh()
    } catch is NonFiniteObjective {
      population.notFinite += 1
      return
    }
    let band: ScaleBand =
      reference.isSaturated(unitRoundoff: S.unitRoundoff)
      ? .saturated : draw.scaling == .none ? .unscaled : .scaled
    let place = ScaleBand.allCases.firstIndex(of: band)!
    population.bands[place].add(measured, from: "network \(number) (\(draw))")
  }
}
