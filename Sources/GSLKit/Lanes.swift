/// The loops that a check spends its time in, several elements at a time.
///
/// A gradient check evaluates one loss thousands of times, and nearly all of that time goes into a few
/// loops: products, exponentials, sums of losses. Here they are written with Swift's SIMD types.
enum Lanes {
  /// Whether these loops are the faster ones. Without the optimiser every operation on a SIMD value is
  /// a function call; gslcblas and libm, which come optimised, are then many times faster.
  #if DEBUG
    static let areFast = false
  #else
    static let areFast = true
  #endif
}
