import Foundation
import GradientCheck
import TiedLayers
import TiedModels

/// What a request would take, from its widths alone: asked before anything is allocated.
struct MemoryEstimate {
  enum Purpose { case summary, check }

  /// The most that is allowed: 2 GiB.
  static let limit = 2.0 * 1024 * 1024 * 1024

  /// Bytes of one matrix for each width that the batch passes on its way.
  private let batchBytes: Double
  /// All parameters' numbers.
  private let entries: Double
  /// The kernels' numbers, once for the whole gradient and once for each path.
  private let measured: Double
  private let text: String

  /// - Parameters:
  ///   - kernels: each once.
  ///   - isTied: whether their uses share them.
  ///   - batch: rows.
  ///   - besides: numbers that each sample makes besides what kernels take and give.
  init(kernels: [KernelShape], isTied: Bool = true, batch: Int, besides: Double = 0) {
    // In Double throughout: the numbers are the user's, and their product may not fit an Int.
    let widths = kernels.reduce(0) { $0 + Double($1.rows) + Double($1.columns) }
    let elements = kernels.reduce(0) {
      $0 + Double($1.rows) * Double($1.columns) * (isTied ? 1 : Double($1.uses))
    }
    entries = elements + widths
    // What two uses pass is the widths of the kernel, once each.
    batchBytes =
      8 * Double(batch)
      * kernels.reduce(besides) {
        $0 + Double($1.positions) * (Double($1.rows) + Double($1.columns))
          * max(Double($1.uses) / 2, 1)
      }
    measured =
      elements
      + kernels.reduce(0) { sum, kernel in
        sum + Double(kernel.rows) * Double(kernel.columns) * (isTied ? Double(kernel.uses) : 0)
      }
    let shapes = kernels.map { "\($0.rows) x \($0.columns)" }.joined(separator: ", ")
    text = "\(kernels.count == 1 ? "a kernel" : "kernels") of \(shapes) with a batch of \(batch)"
  }

  /// What a check takes for each number in its lists: claims, saved values, steps, references.
  /// Measured on kernels of 100,000 to 3,000,000 numbers: 170 to 200.
  private static let bytesPerEntry = 250.0
  /// What it takes for each number that is measured by itself, in the whole gradient or in a path.
  /// Measured on kernels of 10,000 and 18,000 numbers: 1,500 for the three.
  private static let bytesPerMeasuredEntry = 600.0

  /// - Parameter workers: threads, each with a model of its own.
  func bytes(for purpose: Purpose, workers: Int = ProcessInfo.processInfo.activeProcessorCount)
    -> Double
  {
    guard purpose == .check else { return 4 * batchBytes + 8 * entries }
    // The data, the activations forward and the cotangents back are 3.6 matrices of each width where
    // one thread works; twice that is allowed for.
    let isEntrywise = entries <= Double(GradientChecker.largestEntrywise)
    return (4 + 4 * Double(workers)) * batchBytes + 8 * Double(workers) * entries
      + entries * Self.bytesPerEntry + (isEntrywise ? measured * Self.bytesPerMeasuredEntry : 0)
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
