import Foundation

func number(_ value: Double) -> String { String(format: "%.4f", value) }

/// A number of any size, such as a difference.
func size(_ value: Double) -> String { String(format: "%.3g", value) }
