import GSLKit
import TiedLayers

/// The same answer under a traced function: the copy is taken once.
public struct FrozenCopy: Fault {
  public let id = "frozen-copy"
  public let summary = "the tied layer holds a copy of the kernel taken when it was built"
  public let lesson =
    "A gradient check passes: with a constant in the second layer, the first layer's path is the whole "
    + "gradient. Only moving the kernel and watching the second layer shows that it stands still."
  public let source = "StackOverflow 59663963, the same answer under a traced function"
  public let convictor = Convictor.tie
  public let diagnosis: String? = nil

  public init() {}

  public func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    try chain.withCopiedKernel(takenOnce: true, fault: id)
  }
}
