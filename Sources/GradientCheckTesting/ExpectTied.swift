import CheckReport
import GSLKit
import GradientCheck
import TiedLayers

/// Expects layers to be tied: that they hold one kernel and read it live, that what is written through
/// one is read through the others, that the gradient through each, measured alone, is what that layer
/// claims, and that the gradients through all of them add up to the whole.
///
///     expectTied(encoder, decoder, in: ChainObjective(network, input: x, target: x))
///
/// - Parameters:
///   - layers: two or more layers of the objective's chain, of any type that conforms to `Layer`.
///   - objective: the network with a batch.
///   - name: what messages and reports call the check; the test's name if there is none.
/// - Returns: everything that was found; nil where a layer threw, which is a failure too.
@discardableResult
public func expectTied<S: Scalar>(
  _ layers: any Layer<S>..., in objective: ChainObjective<S>, named name: String? = nil,
  options: CheckOptions? = nil, allowing allowed: Set<Allowance> = [],
  fileID: StaticString = #fileID, filePath: StaticString = #filePath, line: UInt = #line,
  column: UInt = #column, function: StaticString = #function
) -> CaseResult? {
  let site = CallSite(fileID, filePath, line, column, function)
  return expectTied(layers.map(\.name), { objective }, name, options, allowed, site) {
    for layer in layers {
      // The chain's copy of a layer holds the very same Parameters, or is another layer.
      for own in objective.network.chain.layers where own.name == layer.name {
        guard own.parameters.elementsEqual(layer.parameters, by: ===) else {
          throw TiedLayersError.anotherLayer(layer.name)
        }
      }
    }
  }
}

/// Expects layers, or single uses within layers ("rnn step 3"), given by their names, to be tied: see
/// the other form.
///
///     expectTied("encoder", "decoder", in: objective)
@discardableResult
public func expectTied(
  _ layers: String..., in objective: @autoclosure () throws -> any SummarizedObjective,
  named name: String? = nil,
  options: CheckOptions? = nil, allowing allowed: Set<Allowance> = [],
  fileID: StaticString = #fileID, filePath: StaticString = #filePath, line: UInt = #line,
  column: UInt = #column, function: StaticString = #function
) -> CaseResult? {
  let site = CallSite(fileID, filePath, line, column, function)
  return expectTied(layers, objective, name, options, allowed, site)
}

/// Expects a kernel that plain functions read in several places to have the gradient that is claimed:
/// the sum of what the places contribute, each of them measured alone.
///
///     expectTied(
///       "encoder", .transposed("decoder"), at: kernel,
///       in: { k in loss(encoder: k[0], decoder: k[1]) },
///       contributions: { k in [throughEncoder(k), throughDecoder(k)] },
///       equals: { k in gradient(k) })
///
/// - Parameters:
///   - places: two or more uses, by name; `.transposed` where one reads the kernel transposed.
///   - kernel: the point, rows x columns.
///   - loss: a function of one kernel for each place, all of the shape of `kernel`.
///   - contributions: what each place is claimed to contribute, all of the shape of `kernel`.
///   - gradient: what is claimed to be the gradient of the shared kernel.
///   - batch: how many samples the loss is a mean over, where it is one.
@discardableResult
public func expectTied<S: Scalar>(
  _ places: KernelPlace..., at kernel: [[S]], in loss: @escaping ([[[S]]]) throws -> S,
  contributions: @escaping ([[S]]) throws -> [[[S]]],
  equals gradient: @escaping ([[S]]) throws -> [[S]], batch: Int = 1,
  named name: String? = nil, options: CheckOptions? = nil, allowing allowed: Set<Allowance> = [],
  fileID: StaticString = #fileID, filePath: StaticString = #filePath, line: UInt = #line,
  column: UInt = #column, function: StaticString = #function
) -> CaseResult? {
  let site = CallSite(fileID, filePath, line, column, function)
  let make = {
    try SharedKernelObjective(
      at: kernel, places: places, batch: batch, loss: loss, contributions: contributions,
      gradient: gradient)
  }
  return expectation(name, options, allowed, site, make) { name, model, objective in
    tieCase(name, model, places.map(\.name), objective)
  }
}

private func expectTied(
  _ layers: [String], _ objective: () throws -> any SummarizedObjective, _ name: String?,
  _ options: CheckOptions?, _ allowed: Set<Allowance>, _ site: CallSite,
  _ require: () throws -> Void = {}
) -> CaseResult? {
  expectation(name, options, allowed, site, objective) { name, model, objective in
    guard layers.count > 1 else { throw TiedLayersError.tooFew(layers) }
    let known = uniqued(objective.layerNames + objective.uses.map(\.name))
    for layer in layers where !known.contains(layer) {
      throw TiedLayersError.unknown(layer, known: known)
    }
    try require()
    return tieCase(name, model, layers, objective)
  }
}

private func tieCase(
  _ name: String, _ model: String, _ layers: [String], _ objective: any SummarizedObjective
) -> CheckCase {
  CheckCase(name: name, model: model, expectedTies: [layers], scope: .ties) { objective }
}

/// What a tie check was asked that makes no sense.
enum TiedLayersError: Error, CustomStringConvertible {
  case tooFew([String])
  case unknown(String, known: [String])
  case anotherLayer(String)

  var description: String {
    switch self {
    case .tooFew(let layers):
      "a tie check needs two or more layers; got \(layers.isEmpty ? "none" : layers[0])."
    case .unknown(let layer, let known):
      "there is no layer \"\(layer)\" in the objective; it has "
        + known.map { "\"\($0)\"" }.joined(separator: ", ") + "."
    case .anotherLayer(let layer):
      "the layer \"\(layer)\" that was given holds other parameters than the layer of that name in the "
        + "objective. Build the chain of the very layers that are checked."
    }
  }
}

private func uniqued(_ names: [String]) -> [String] {
  var seen: Set<String> = []
  return names.filter { seen.insert($0).inserted }
}
