import Foundation
import GSLKit

/// The handwritten digits that ship (see Resources/README.md for their source and licence).
enum Digits {
  /// Pixels of an image, 8 x 8.
  static let pixels = 64

  /// One image in each row, intensities in [0, 1].
  static func intensities() throws -> Matrix<Double> {
    // The last column is the label, which nobody learns here.
    let table = try CSVTable(Data(DigitsText.text.utf8)).matrix
    var images = Matrix<Double>(rows: table.rows, columns: pixels)
    for i in 0..<table.rows {
      for j in 0..<pixels { images[i, j] = table[i, j] / 16 }
    }
    return images
  }
}
