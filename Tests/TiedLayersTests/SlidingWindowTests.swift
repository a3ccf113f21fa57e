import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

@Suite("SlidingWindow")
struct SlidingWindowTests {
  @Test("positions and output padding by the textbook's formula")
  func positions() throws {
    // length, size, stride, padding: positions, output padding.
    for (n, k, s, p, positions, lost) in [
      (8, 3, 1, 0, 6, 0), (8, 3, 1, 1, 8, 0), (8, 3, 2, 1, 4, 1), (7, 3, 2, 1, 4, 0),
      (5, 3, 2, 0, 2, 0), (6, 3, 2, 0, 2, 1), (2, 4, 3, 1, 1, 0), (9, 2, 3, 0, 3, 1),
    ] {
      let signal = try SlidingWindow(
        over: ImageShape(length: n, channels: 2), size: Extent(height: 1, width: k),
        stride: Extent(height: 1, width: s), padding: Extent(height: 0, width: p))
      #expect(signal.positions == Extent(height: 1, width: positions), "\(n) \(k) \(s) \(p)")
      #expect(signal.outputPadding == Extent(height: 0, width: lost), "\(n) \(k) \(s) \(p)")
      #expect(signal.patchCount == 2 * k)
    }
  }

  @Test("from the other side, with its output padding, a window is the same one", arguments: 1...40)
  func fromTheOtherSide(seed: UInt64) throws {
    let window = try PlainConvolution.random(seed: seed).0.window
    let again = try SlidingWindow(
      positions: window.positions, channels: window.image.channels, size: window.size,
      stride: window.stride, padding: window.padding, outputPadding: window.outputPadding)
    #expect(again == window)
  }

  @Test("a window that does not fit, or makes no image, is an error that says so")
  func misfits() {
    let image = ImageShape(height: 4, width: 9)
    #expect(
      throws: ShapeMismatch(
        operation: "sliding window",
        given: "a window of 7 x 7, stride 1, padding 1 over an image of 4 x 9 x 1",
        expected: "a window of at most 6, the image's 4 and its padding",
        hint: "Choose a smaller window, or more padding.")
    ) { try SlidingWindow(over: image, size: Extent(7), padding: Extent(1)) }
    for (size, stride, padding) in [(0, 1, 0), (1, 0, 0), (1, 1, -1)] {
      let error = #expect(throws: ShapeMismatch.self) {
        try SlidingWindow(
          over: image, size: Extent(size), stride: Extent(stride), padding: Extent(padding))
      }
      #expect(error?.expected == "sizes and strides of at least 1, and no negative padding")
    }
    let padded = #expect(throws: ShapeMismatch.self) {
      try SlidingWindow(
        positions: Extent(4), channels: 1, size: Extent(3), stride: Extent(2),
        outputPadding: Extent(height: 0, width: 2))
    }
    #expect(padded?.given == "an output padding of 0 x 2")
    #expect(padded?.expected == "at least 0 and less than the stride, 2")
    let empty = #expect(throws: ShapeMismatch.self) {
      try SlidingWindow(positions: Extent(1), channels: 1, size: Extent(2), padding: Extent(1))
    }
    #expect(empty?.given == "1 x 1 positions of a window of 2 x 2, stride 1, padding 1")
  }

  @Test("shapes as people write them")
  func descriptions() {
    #expect("\(ImageShape(height: 8, width: 6, channels: 3))" == "8 x 6 x 3")
    #expect("\(ImageShape(length: 5))" == "1 x 5 x 1")
    #expect("\(Extent(2)), \(Extent(height: 1, width: 3))" == "2, 1 x 3")
  }
}
