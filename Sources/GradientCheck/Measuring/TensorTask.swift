import GSLKit
import TiedLayers

/// A tensor whose claimed gradient is to be checked, entry by entry.
struct TensorTask {
  let name: String
  let shape: [Int]
  /// The claim, in row order; nil if there is none.
  let claimed: [Double]?
  /// Nobody claims anything, and that is no fault: the question is whether it can be measured.
  var isMeasuredOnly = false
  /// The point.
  let values: [Double]
  let grid: NumberGrid
  /// The size that steps are measured in: see `tensorScale`.
  let scale: Double
  /// Where the entries are distances along lines, the size of the values that the lines move.
  private let lineScale: Double?
  /// What a difference is compared with.
  var toleranceScale = ToleranceScale.tensor
  /// The loss with one entry at another value.
  let function: (_ entry: Int, _ point: Double) throws -> Double
  /// What the same network in Double says, where there is one.
  var twin: DoubleTwin.Opinion?
  /// The same at many points at once, where that is faster.
  var batch: ((_ points: [(entry: Int, point: Double)]) throws -> [Double])?

  /// How large a difference is tolerated.
  enum ToleranceScale {
    /// rtol times the entry's own size or the tensor's rms, whichever is larger.
    case tensor
    /// rtol times the entry's own size or this scale, whichever is larger.
    case atLeast(Double)
    /// Exactly this much.
    case absolute(Double)
  }

  init(
    _ parameter: any AnyParameter, named name: String? = nil, claimed: [Double]?,
    function: @escaping (Int, Double) throws -> Double
  ) {
    self.name = name ?? parameter.name
    shape = parameter.shape
    self.claimed = claimed
    values = parameter.flat
    scale = tensorScale(values)
    lineScale = nil
    grid = NumberGrid(unitRoundoff: parameter.unitRoundoff, rounded: parameter.rounded)
    self.function = function
  }

  /// The loss along lines through the point: entry k is the derivative at t = 0 along line k.
  /// - Parameter scale: the size of the values that move when t is near 1.
  init(
    lines name: String, claimed: [Double]?, count: Int, scale: Double, unitRoundoff: Double,
    function: @escaping (_ line: Int, _ t: Double) throws -> Double
  ) {
    self.name = name
    shape = [count]
    self.claimed = claimed
    values = [Double](repeating: 0, count: count)
    self.scale = scale
    lineScale = scale
    grid = .line(unitRoundoff: unitRoundoff)
    self.function = function
  }

  func probe(_ entry: Int) -> Probe {
    Probe(x: values[entry], grid: grid) { try function(entry, $0) }
  }

  /// The size of an entry, in which its steps are measured.
  func entryScale(_ entry: Int) -> Double { GradientCheck.entryScale(values[entry], tensor: scale) }

  /// The shortest step that is of use: the grid of numbers must resolve it, and so must what the loss makes of
  /// it, which is not as fine around a value of zero as the value itself.
  func finestStep(_ entry: Int) -> Double {
    let x = values[entry]
    let size = x == 0 ? scale : min(scale, abs(x))
    return max(size * 0x1p-44, 256 * grid.unitRoundoff * (lineScale ?? abs(x)))
  }

  /// What is claimed for an entry: nil where nobody claims anything, not a number where the claim as a whole
  /// cannot be compared.
  func claim(_ entry: Int) -> Double? {
    isMeasuredOnly ? nil : malformation == nil ? claimed![entry] : .nan
  }

  /// Why the claim cannot even be compared.
  var malformation: String? {
    if isMeasuredOnly { return nil }
    guard let claimed else {
      return "no gradient was claimed for \(name); expected \(values.count) numbers."
    }
    guard claimed.count == values.count else {
      return "the gradient claimed for \(name) has \(claimed.count) elements; expected "
        + "\(values.count) (\(shapeText(shape)))."
    }
    return nil
  }
}
