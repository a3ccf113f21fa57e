import GSLKit

/// A window as a model file holds it.
extension SlidingWindow {
  func write<S: Scalar>(to entry: inout LayerWriter<S>) {
    entry.wholes([image.height, image.width, image.channels], as: "image")
    entry.wholes([size.height, size.width], as: "window")
    entry.wholes([stride.height, stride.width], as: "stride")
    entry.wholes([padding.height, padding.width], as: "padding")
  }

  init<S: Scalar>(_ entry: LayerReader<S>) throws {
    let range = 1...Self.largestCount
    let image = try entry.wholes("image", count: 3, in: range)
    func extent(_ key: String, _ range: ClosedRange<Int>) throws -> Extent {
      let both = try entry.wholes(key, count: 2, in: range)
      return Extent(height: both[0], width: both[1])
    }
    do {
      try self.init(
        over: ImageShape(height: image[0], width: image[1], channels: image[2]),
        size: extent("window", range), stride: extent("stride", range),
        padding: extent("padding", 0...Self.largestCount))
    } catch let error as ShapeMismatch {
      throw entry.error("cannot be had: \(error)")
    }
  }
}
