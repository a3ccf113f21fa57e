import Foundation
import GSLKit

/// The handwritten digits that ship (see Resources/README.md for their source and licence).
enum Digits {
  /// Pixels of an image, 8 x 8.
  static let pixels = 64

  /// One image in each row, intensities in [0, 1].
  static func intensities() throws -> Matrix<Double> {
    let table = try table.get()
    var images = Matrix<Double>(rows: table.rows, columns: pixels)
    for i in 0..<table.rows {
      for j in 0..<pixels { images[i, j] = table[i, j] / 16 }
    }
    return images
  }

  /// What each image shows, 0 to 9.
  static func labels() throws -> [Int] {
    let table = try table.get()
    return (0..<table.rows).map { Int(table[$0, pixels]) }
  }

  /// The pixels, 0 to 16, then the label; read once.
  private static let table = Result { try CSVTable(Data(DigitsText.text.utf8)).matrix }
}
