import GSLKit
import TiedLayers

extension Chain {
  /// The chain whose second use of a shared kernel is bound to a kernel of its own.
  func withKernelsOfItsOwn(fault: String, make: (Kernel<S>) -> Kernel<S>) throws -> Chain {
    let (_, last) = try tiedUses(for: fault)
    var twin = self
    twin.layers[last.layer].kernels[last.slot] = make(layers[last.layer].kernels[last.slot])
    return twin
  }
}

extension Matrix {
  /// As one use sees it.
  func oriented(_ isTransposed: Bool) -> Matrix { isTransposed ? transposed : self }
}
