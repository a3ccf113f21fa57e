import GSLKit
import TiedLayers

/// What is done wrongly with some of a layer's uses: by slot, so that it is the same whether a kernel is
/// shared with another layer or with another slot of this one.
struct WrongUses<S: Scalar> {
  /// What becomes of a use's contribution to a shared Parameter, in its own orientation: what is added,
  /// nil for nothing.
  /// - Parameters:
  ///   - own: this use's right contribution.
  ///   - soFar: what the other uses have added already.
  typealias Rule = (_ own: Matrix<S>, _ soFar: Matrix<S>) throws -> Matrix<S>?

  let slots: Set<Int>
  /// Copies that these slots read instead of what they hold, once and for all, as they were used then.
  var frozen: [Int: Copy] = [:]
  let rule: Rule

  /// A copy of what a slot holds: of a kernel, or of a bias.
  struct Copy {
    let kernel: Kernel<S>?
    let parameter: Parameter<S>

    init(_ slot: Slot<S>, of layer: any Layer<S>) {
      parameter = slot.parameter.copy(named: slot.parameter.name)
      kernel =
        slot.index < layer.kernels.count
        ? layer.kernels[slot.index].rebound(to: parameter) : nil
    }
  }

  /// Copies for the wrong slots: the frozen ones, or such as have just been taken.
  func copies(_ layer: any Layer<S>) -> [(slot: Slot<S>, copy: Copy)] {
    layer.slots.filter { slots.contains($0.index) }.map { slot in
      (slot, frozen[slot.index] ?? Copy(slot, of: layer))
    }
  }

  /// Runs `backward` on the layer with the wrong uses apart, and hands in what the rule makes of them.
  /// Everything else is right.
  func backward(
    _ layer: any Layer<S>, into gradients: inout Gradients<S>,
    _ backward: ([(slot: Slot<S>, copy: Copy)], inout Gradients<S>) throws -> Matrix<S>
  ) throws -> Matrix<S> {
    let copies = copies(layer)
    var found = Gradients<S>()
    let inputCotangent = try backward(copies, &found)
    for parameter in layer.parameters {
      if let own = found[parameter] { try gradients.add(own, to: parameter) }
    }
    for (slot, copy) in copies {
      guard let own = found[copy.parameter] else { continue }
      let zero = Matrix<S>(rows: own.rows, columns: own.columns)
      if let contribution = try rule(own, gradients[slot.parameter] ?? zero) {
        try gradients.add(contribution, to: slot.parameter)
      }
    }
    return inputCotangent
  }
}

/// A layer with wrong uses that ends in an elementwise activation.
struct WrongActivatedLayer<S: Scalar>: LayerWrapper {
  var layer: any ActivatedLayer<S>
  let wrong: WrongUses<S>

  func preactivation(_ input: Matrix<S>) throws -> Matrix<S> {
    guard !wrong.frozen.isEmpty else { return try layer.preactivation(input) }
    return try layer.bound(to: wrong.copies(layer)).preactivation(input)
  }

  func backward(
    preactivationCotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    try wrong.backward(layer, into: &gradients) { copies, found in
      try layer.bound(to: copies).backward(
        preactivationCotangent: preactivationCotangent, at: input, into: &found)
    }
  }
}

/// Any other layer with wrong uses.
struct WrongLayer<S: Scalar>: PlainLayerWrapper {
  var layer: any Layer<S>
  let wrong: WrongUses<S>

  func forward(_ input: Matrix<S>) throws -> Matrix<S> {
    guard !wrong.frozen.isEmpty else { return try layer.forward(input) }
    return try layer.bound(to: wrong.copies(layer)).forward(input)
  }

  func backward(
    _ cotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    try wrong.backward(layer, into: &gradients) { copies, found in
      try layer.bound(to: copies).backward(cotangent, at: input, into: &found)
    }
  }
}

extension Layer {
  /// The layer with copies in some of its slots.
  fileprivate func bound(to copies: [(slot: Slot<S>, copy: WrongUses<S>.Copy)]) -> Self {
    var bound = self
    for (slot, copy) in copies {
      if let kernel = copy.kernel {
        bound.kernels[slot.index] = kernel
      } else {
        bound.rebind(slot: slot.index, to: copy.parameter)
      }
    }
    return bound
  }
}

/// The two uses of a tied pair.
enum PairMember {
  /// The first to run, and so the last to hand in its gradient.
  case encoder
  case decoder
}

extension Chain {
  /// The chain in which one use of the tied pair hands in the wrong contribution; and with it, where the
  /// pair are two layers, everything else that this layer shares with others.
  func withWrongBackward(
    of member: PairMember, fault: String, rule: @escaping WrongUses<S>.Rule
  ) throws -> Chain {
    try withWrongUses(of: member, fault: fault) { slots, _ in
      WrongUses(slots: Set(slots.map(\.index)), rule: rule)
    }
  }

  /// The chain whose second use of a shared kernel works on copies: what `get_weights()` inside `call()`
  /// makes of a tied layer. What is its own, such as a bias, stays right.
  ///
  /// The forward pass is that of the right layer. The backward pass gives the right cotangent of the
  /// input and nothing to the shared Parameters, because copies are constants to whoever
  /// differentiates.
  func withCopiedKernel(takenOnce: Bool, fault: String) throws -> Chain {
    try withWrongUses(of: .decoder, fault: fault) { slots, layer in
      let copies = slots.map { ($0.index, WrongUses<S>.Copy($0, of: layer)) }
      return WrongUses(
        slots: Set(slots.map(\.index)),
        frozen: takenOnce ? Dictionary(uniqueKeysWithValues: copies) : [:], rule: { _, _ in nil })
    }
  }

  private func withWrongUses(
    of member: PairMember, fault: String, make: ([Slot<S>], any Layer<S>) -> WrongUses<S>
  ) throws -> Chain {
    let pair = try tiedUses(for: fault)
    let use = member == .encoder ? pair.first : pair.last
    let layer = layers[use.layer]
    let others = layers.indices.filter { $0 != use.layer }.flatMap { layers[$0].parameters }
    let slots = layer.slots.filter { slot in
      slot.index == use.slot
        || pair.first.layer != pair.last.layer && others.contains { $0 === slot.parameter }
    }
    let wrong = make(slots, layer)
    var twin = self
    if let activated = layer as? any ActivatedLayer<S> {
      twin.layers[use.layer] = WrongActivatedLayer(layer: activated, wrong: wrong)
    } else {
      twin.layers[use.layer] = WrongLayer(layer: layer, wrong: wrong)
    }
    return twin
  }
}

extension Matrix {
  /// a * self + b * other.
  func combined(_ a: S, with other: Matrix, _ b: S) throws -> Matrix {
    var result = Matrix(rows: rows, columns: columns)
    try result.add(self, scaledBy: a)
    try result.add(other, scaledBy: b)
    return result
  }
}
