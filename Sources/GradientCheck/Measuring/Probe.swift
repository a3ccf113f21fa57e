/// The numbers that a precision can represent.
struct NumberGrid {
  let unitRoundoff: Double
  /// The nearest number of the grid.
  let rounded: (Double) -> Double

  /// The grid of a distance t along a line, which is a Double whatever the precision of the model.
  static func line(unitRoundoff: Double) -> NumberGrid {
    NumberGrid(unitRoundoff: unitRoundoff) { $0 }
  }
}

/// The loss seen as a function of one number.
struct Probe {
  let x: Double
  let grid: NumberGrid
  private let function: (Double) throws -> Double

  init(x: Double, grid: NumberGrid, function: @escaping (Double) throws -> Double) {
    self.x = x
    self.grid = grid
    self.function = function
  }

  init(
    x: Double, unitRoundoff: Double, rounded: @escaping (Double) -> Double,
    function: @escaping (Double) throws -> Double
  ) {
    self.init(
      x: x, grid: NumberGrid(unitRoundoff: unitRoundoff, rounded: rounded), function: function)
  }

  var unitRoundoff: Double { grid.unitRoundoff }
  func rounded(_ point: Double) -> Double { grid.rounded(point) }

  /// The loss at a number of the grid: not a number where it raises an error.
  func loss(at point: Double) throws -> Double { try nearbyLoss { try function(point) } }

  /// The step, or the shortest that can be told apart from none: eight places of the grid around x.
  func reachable(_ step: Double) -> Double { max(step, 16 * unitRoundoff * abs(x)) }
}
