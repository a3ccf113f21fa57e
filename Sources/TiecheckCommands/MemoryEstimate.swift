import Foundation

/// What a request would take, from its widths alone: asked before anything is allocated.
struct MemoryEstimate {
  enum Purpose { case summary, check }

  /// The most that is allowed: 2 GiB.
  static let limit = 2.0 * 1024 * 1024 * 1024

  /// Bytes for a batch and its way through the layers, and for the kernels.
  private let modelBytes: Double
  /// Numbers that a check measures: every entry, and every entry of a path.
  private let measurements: Double
  private let text: String

  /// - Parameters:
  ///   - kernels: rows and columns of each encoder layer's kernel.
  ///   - isTied: whether the decoder uses the same ones.
  ///   - batch: rows.
  init(kernels: [(Int, Int)], isTied: Bool = true, batch: Int) {
    // In Double throughout: the numbers are the user's, and their product may not fit an Int.
    let entries = kernels.reduce(0) { $0 + Double($1.0) * Double($1.1) }
    let widths = kernels.reduce(0) { $0 + Double($1.0) + Double($1.1) }
    let copies = isTied ? 1.0 : 2.0
    // A dozen matrices of each width live at once: inputs, outputs, cotangents of every layer.
    modelBytes = 8 * (12 * Double(batch) * 2 * widths + copies * entries)
    measurements = (isTied ? 3 : 2) * entries + widths
    let shapes = kernels.map { "\($0.0) x \($0.1)" }.joined(separator: ", ")
    text = "kernels of \(shapes) and a batch of \(batch)"
  }

  /// What one measured number takes: its result, its index, and its place in every list that the
  /// checks keep. Measured on autoencoders with 10,000 to 100,000 entries.
  static let bytesPerMeasurement = 600.0

  func bytes(for purpose: Purpose) -> Double {
    modelBytes + (purpose == .check ? Self.bytesPerMeasurement * measurements : 0)
  }

  /// - Throws: `CommandError` where the request is too large.
  func require(for purpose: Purpose) throws {
    let bytes = bytes(for: purpose)
    guard bytes <= Self.limit else {
      let gibibytes = String(format: "%.3g", bytes / (1024 * 1024 * 1024))
      throw CommandError(
        .usage,
        "\(text) would take about \(gibibytes) GiB of memory; the limit is 2 GiB. Ask for fewer "
          + "features, narrower layers or a smaller batch.")
    }
  }
}
