import GSLKit
import TiedLayers

/// The well-known answer to the question of tied Keras layers.
public struct DetachedCopy: Fault {
  public let id = "detached-copy"
  public let summary =
    "the tied layer reads a copy of the kernel on every call, outside the gradient"
  public let lesson =
    "A copy has the right values and no history. The forward pass is right, the summary says that the "
    + "kernel is shared, and the gradient silently loses everything the second layer contributes. Use "
    + "the parameter itself, never what get_weights() returned."
  public let source = "StackOverflow 59663963; confirmed with TensorFlow 2.21"
  public let convictor = Convictor.gradient
  public let diagnosis: String? = "missing-path"

  public init() {}

  public func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    try chain.withCopiedKernel(takenOnce: false, fault: id)
  }
}
