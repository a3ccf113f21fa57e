import GSLKit

/// The size of a tensor's values: their root mean square, 1 where that is zero. Steps are measured
/// in it; a bias at zero is the common case, so no step may be proportional to the entry itself.
///
/// A tensor whose values are all below 2^-970 is zero for this purpose: parts of them could not be represented.
///
/// Values more than a thousand times the median of those that are not zero are left out: one weight of
/// 1e12 says nothing about the others, whose steps would be far too long.
package func tensorScale(_ values: [Double]) -> Double {
  let finite = values.filter(\.isFinite)
  let largest = finite.reduce(0) { max($0, abs($1)) }
  guard largest > smallestScale else { return 1 }
  var (moving, small) = (0, 0)
  for x in finite where x != 0 {
    moving += 1
    if abs(x) < largest / 1000 { small += 1 }
  }
  // Unless most of them are small the median is not.
  guard 2 * small > moving else { return rootMeanSquare(finite) }
  let sizes = finite.filter { $0 != 0 }.map(abs).sorted()
  let limit = 1000 * sizes[sizes.count / 2]
  return rootMeanSquare(finite.filter { abs($0) <= limit })
}

/// The size of one entry: its tensor's, unless the entry is not zero and a million times smaller, as where a
/// vector holds a temperature and a diffusivity. Its own value is then all that is known of its size.
func entryScale(_ x: Double, tensor scale: Double) -> Double {
  let size = abs(x)
  return size > smallestScale && size < 0x1p-20 * scale ? size : scale
}

private let smallestScale = 0x1p-970
