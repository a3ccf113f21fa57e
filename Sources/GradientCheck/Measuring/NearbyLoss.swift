/// An error of a loss after which the loss cannot be asked again: a program that died, or that answers
/// nonsense.
///
/// Any other error at a point near the one that is checked means that the loss has no value there, as the
/// square root has none of a negative number: it counts as not a number. At the point itself every error ends
/// the check.
package protocol LossFailure: Error {
  var isFinal: Bool { get }
}

/// The loss at a point near the one that is checked: not a number where it raises an error.
/// - Throws: a final `LossFailure`, or a `CancellationError`.
func nearbyLoss(_ loss: () throws -> Double) throws -> Double {
  do {
    return try loss()
  } catch  where !isFinal(error) {
    return .nan
  }
}

/// The losses at many points. Where they cannot be had together, because one of them raises an error, they are
/// asked in halves until that one stands alone.
func nearbyLosses<Point>(
  _ points: [Point], _ losses: ([Point]) throws -> [Double]
) throws -> [Double] {
  do {
    return try losses(points)
  } catch  where !isFinal(error) {
    guard points.count > 1 else { return points.map { _ in .nan } }
    let middle = points.count / 2
    return try nearbyLosses(Array(points[..<middle]), losses)
      + nearbyLosses(Array(points[middle...]), losses)
  }
}

private func isFinal(_ error: any Error) -> Bool {
  error is CancellationError || (error as? any LossFailure)?.isFinal ?? false
}
