import GSLKit
import TiedLayers

extension UpdateExperiment {
  /// The fourth experiment: trains the untied twin and measures how far apart its two copies of the
  /// first shared kernel grow, relative to the first.
  func drift() throws -> [Double] {
    parameters.restore(start)
    let kernel = shared.first { parameters[$0.parameter].shape.count == 2 }
    guard let kernel, let twin = (objective as? any LayeredObjective)?.untiedTwin() else {
      return []
    }
    let pair = kernel.uses.prefix(2).compactMap { use in
      twin.uses.first { $0.layer == use.layer && $0.slot == use.slot }
    }
    guard pair.count == 2 else { return [] }
    // The twin holds each copy in its own use's orientation.
    let shape = parameters[kernel.parameter].shape
    func ownValues(_ i: Int) -> [Double] {
      let values = twin.parameters[pair[i].parameter].flat
      return kernel.uses[i].isTransposed
        ? transposed(values, rows: shape[1], columns: shape[0]) : values
    }
    func distance() -> Double {
      let (first, second) = (ownValues(0), ownValues(1))
      let norm = euclideanNorm(first)
      return norm > 0 ? euclideanNorm(zip(first, second).map { $0 - $1 }) / norm : 0
    }
    let trainer = subject.makeTrainer()
    var drift = [distance()]
    for _ in 0..<steps {
      try trainer.step(
        twin.parameters, contributions: twin.contributions().map(\.contribution))
      drift.append(distance())
    }
    return drift
  }
}
