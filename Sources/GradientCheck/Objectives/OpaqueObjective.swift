import TiedLayers

/// Any objective as one that can be described and trained: a single layer, "model", that uses every
/// parameter. What its layers share it does not tell, so that no path is measured.
package final class OpaqueObjective: SummarizedObjective {
  private let objective: any Objective
  private let name = "model"
  package let lossName: String
  package let batch: Int

  /// - Parameters:
  ///   - lossName: what a report calls the loss.
  ///   - batch: how many samples the loss is a mean over, where it is one: a sum where a mean was meant
  ///     is then called by its name.
  package init(_ objective: any Objective, lossName: String = "loss", batch: Int = 1) {
    self.objective = objective
    self.lossName = lossName
    self.batch = batch
  }

  package var parameters: [any AnyParameter] { objective.parameters }
  package func value() throws -> Double { try objective.value() }
  package func gradients() throws -> [[Double]?] { try objective.gradients() }
  package var gradientUnitRoundoff: Double { objective.gradientUnitRoundoff }
  package func doubleTwin() -> (any Objective)? { objective.doubleTwin() }
  package var claimsAtOnePoint: Bool { objective.claimsAtOnePoint }
  package var hasEqualSamples: Bool { false }

  package var layerNames: [String] { [name] }
  package var uses: [Use] {
    objective.parameters.indices.map {
      Use(layer: 0, layerName: name, slot: $0, parameter: $0, isTransposed: false)
    }
  }
  package func gradientsByUse() throws -> [[Double]?] { try gradients() }

  package var measuresPaths: Bool { false }
  package func pathFunction(_ use: Use) throws -> PathFunction {
    let parameter = parameters[use.parameter]
    return { [objective] change in try parameter.standing(change) { try objective.value() } }
  }

  package func summary() throws -> ModelSummary {
    let count = parameters.reduce(0) { $0 + $1.count }
    return ModelSummary(
      layers: [
        .init(name: name, type: "function", outputShape: [1], parameters: count, sharesWith: [])
      ], totalParameters: count, sumOverLayers: count)
  }
}
