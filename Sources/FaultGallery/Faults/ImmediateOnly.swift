import GSLKit
import GradientCheck
import TiedLayers

/// Backpropagation through time that stops after one step.
package struct ImmediateOnly: Fault {
  package let id = "immediate-only"
  package let summary =
    "of a kernel over time only the last time step counts: the recursion is missing"
  package let lesson =
    "The state before the last step depends on the kernel too. dh_t/dW has two terms, the immediate one "
    + "and the one through h_(t-1), and the second is the same formula again: either unroll it all the "
    + "way, or say that the gradient is truncated."
  package let source = "d2l-en#2616"
  package let convictor = Convictor.gradient
  package let diagnosis = "immediate-only"
  package let mistake: (any MeasuredMistake)? = LastUseOnly()
  package let explanation = FaultExplanation(
    tempting:
      "In h_t = act(x_t Wx + h_(t-1) Wh) the state h_(t-1) looks like data, and the product rule is "
      + "over after one term.",
    formula:
      "claimed sum of h_(T-1)^T d_T over sequences, T the length of each; true sum of h_(t-1)^T d_t over "
      + "t = 1 ... T, with d_(t-1) = (d_t Wh^T) act'",
    swift: """
      for t in (1...length).reversed() {              // wrong: the last step alone, no loop
        gradients.addProduct(input: h[t - 1], cotangent: d, to: stateKernel)
        d = stateKernel.multiplyAdjoint(d) * act'(t - 1)   // the recursion
      }
      """,
    keras: """
      h = keras.ops.stop_gradient(h)   # wrong inside the time loop: cuts the recursion off
      """,
    pytorch: """
      h = torch.tanh(x[t] @ Wx + h.detach() @ Wh)   # wrong inside a sequence; right between batches,
      h = torch.tanh(x[t] @ Wx + h @ Wh)            # where it is called truncated backpropagation
      """)

  package init() {}

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    _ = try chain.tiedUses(for: id)
    guard let l = chain.layers.firstIndex(where: { $0 is Recurrent<S> }) else {
      throw FaultNotApplicable(
        id, needs: "a kernel over time", instead: "Choose --model recurrent.")
    }
    var twin = chain
    twin.layers[l] = LastStepOnly(layer: chain.layers[l])
    return twin
  }
}

/// Hands in, of each parameter and for each sample, what the last use that the sample reaches
/// contributes.
private struct LastStepOnly<S: Scalar>: PlainLayerWrapper {
  var layer: any Layer<S>
  /// Slots that held one Parameter when the layer was built, in order.
  private let groups: [[Int]]

  init(layer: any Layer<S>) {
    self.layer = layer
    let slots = layer.slots
    groups = layer.parameters.map { parameter in
      slots.filter { $0.parameter === parameter }.map(\.index)
    }
  }

  func backward(
    _ cotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    let slots = layer.slots
    var apart = layer
    let own = slots.map { $0.parameter.copy(named: $0.parameter.name) }
    for (slot, parameter) in zip(slots, own) { apart.rebind(slot: slot.index, to: parameter) }
    var rows: [Matrix<S>] = []
    for row in 0..<input.rows {
      var found = Gradients<S>()
      rows.append(try apart.backward(cotangent.row(row), at: input.row(row), into: &found))
      for group in groups {
        let reached = group.last { slot in
          found[own[slot]].map { $0.elements.contains { $0 != 0 } } ?? false
        }
        // Where it reaches none, zeros, as the right layer would.
        let kept = reached ?? group[group.count - 1]
        if let own = found[own[kept]] { try gradients.add(own, to: slots[kept].parameter) }
      }
    }
    var result = Matrix<S>(rows: input.rows, columns: input.columns)
    result.elements = rows.flatMap(\.elements)
    return result
  }
}

/// What the samples contribute to a parameter that a layer uses several times, each through the last use
/// that it reaches: what is left of the gradient where the recursion over time is missing.
struct LastUseOnly: MeasuredMistake {
  /// More samples than these are not taken apart.
  static let mostSamples = 40

  func wrongGradients(
    _ objective: any PathObjective, _ tensor: TensorResult, parameter p: Int
  ) throws -> [WrongGradient] {
    guard let objective = objective as? any SampledObjective else { return [] }
    let parameter = objective.parameters[p]
    let (point, count) = (parameter.flat, try objective.sampleValues().count)
    guard count <= Self.mostSamples, tensor.entries.count == point.count else { return [] }
    var sum = [Double](repeating: 0, count: point.count)
    let scale = tensorScale(point)
    for i in 0..<count {
      guard let (sample, weight) = objective.sample(i),
        let own = sample.parameters.firstIndex(where: { $0 === parameter })
      else { return [] }
      let uses = sample.uses.filter { $0.parameter == own }
      guard uses.count > 1, uses.allSatisfy(\.isRepeated) else { return [] }
      for use in uses.reversed() {
        let path = try sample.pathFunction(use)
        let here = try path(.values(point))
        guard try path(.values(point.map { $0 + scale })) != here else { continue }
        for (e, entry) in tensor.entries.enumerated() {
          // The five-point rule, with the step that the check used.
          func value(_ steps: Double) throws -> Double {
            try path(.entry(e, to: parameter.rounded(point[e] + steps * entry.step)))
          }
          let near = try value(1) - value(-1)
          let far = try value(2) - value(-2)
          sum[e] += weight * (8 * near - far) / (12 * entry.step)
        }
        break
      }
    }
    return [
      WrongGradient(
        id: "immediate-only", label: "all but the last step of each sample",
        sentence:
          "of the contributions to \(tensor.name) over time only the last step of each sample is left: "
          + "the recursion is missing", values: sum)
    ]
  }
}
