import GSLKit
import TiedLayers

extension Chain {
  /// The chain whose second use of a shared kernel is bound to a kernel of its own.
  func withKernelsOfItsOwn(fault: String, make: (Kernel<S>) -> Kernel<S>) throws -> Chain {
    let (_, last) = try tiedPair(for: fault)
    let others = layers.indices.filter { $0 != last }.flatMap { layers[$0].parameters }
    var twin = self
    twin.layers[last].kernels = layers[last].kernels.map { kernel in
      others.contains { $0 === kernel.parameter } ? make(kernel) : kernel
    }
    return twin
  }
}

extension Matrix {
  /// As one use sees it.
  func oriented(_ isTransposed: Bool) -> Matrix { isTransposed ? transposed : self }
}
