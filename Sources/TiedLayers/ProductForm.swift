/// What a layer says stands before its activation, term by term, for somebody who computes it again:
///
///     output(o) = sum over the terms of o of input(i) K(row, column)  +  bias(e),   e = biasElement(of: o)
///
/// It is written from the layer's formula and not from the layer's code, which may be as quick and as
/// tricky as it likes.
package protocol ProductForm: Sendable {
  /// In the words of the layer's documentation, such as "x K + b".
  var formula: String { get }
  /// Elements of one row of the input, and of the output.
  var inputs: Int { get }
  var outputs: Int { get }
  /// Calls `body` for every term with its output, its input, and the element of the kernel, as this
  /// use sees it.
  func forEachTerm(_ body: (_ output: Int, _ input: Int, _ row: Int, _ column: Int) -> Void)
  /// Which element of the bias is added to an output.
  func biasElement(of output: Int) -> Int
  /// Ways to read the kernel that people mistake for this one.
  var misreadings: [Misreading] { get }
}

extension ProductForm {
  package var misreadings: [Misreading] { [] }
}

/// A way to read a kernel that is not the right one.
package struct Misreading: Sendable {
  /// The name of the mistake.
  package let id: String
  /// What the layer then does, to follow its name in a sentence.
  package let sentence: String
  /// The element that is read where (row, column) is meant.
  package let element: @Sendable (_ row: Int, _ column: Int) -> (row: Int, column: Int)

  package init(
    id: String, sentence: String,
    element: @escaping @Sendable (_ row: Int, _ column: Int) -> (row: Int, column: Int)
  ) {
    self.id = id
    self.sentence = sentence
    self.element = element
  }
}

/// x K + b.
struct DenseForm: ProductForm {
  let inputs: Int
  let outputs: Int
  var formula: String { "x K + b" }

  func forEachTerm(_ body: (_ output: Int, _ input: Int, _ row: Int, _ column: Int) -> Void) {
    for o in 0..<outputs {
      for i in 0..<inputs { body(o, i, i, o) }
    }
  }

  func biasElement(of output: Int) -> Int { output }
}

/// A convolution, or its transpose: the same pairs of pixels, from one side or from the other.
struct WindowForm: ProductForm {
  let window: SlidingWindow
  /// Of what stands at the positions.
  let channels: Int
  /// From the positions to the image.
  let isTransposed: Bool

  var formula: String {
    isTransposed ? "the transpose of a convolution, plus b" : "a convolution with K, plus b"
  }

  private var image: Int { window.image.count }
  private var places: Int { window.positions.count * channels }
  var inputs: Int { isTransposed ? places : image }
  var outputs: Int { isTransposed ? image : places }

  func forEachTerm(_ body: (_ output: Int, _ input: Int, _ row: Int, _ column: Int) -> Void) {
    let (image, positions, size) = (window.image, window.positions, window.size)
    // Pixel by pixel of the image: which positions see it, and with which element of the window.
    for i in 0..<image.height {
      for j in 0..<image.width {
        for a in 0..<positions.height {
          let di = i + window.padding.height - a * window.stride.height
          guard (0..<size.height).contains(di) else { continue }
          for b in 0..<positions.width {
            let dj = j + window.padding.width - b * window.stride.width
            guard (0..<size.width).contains(dj) else { continue }
            for c in 0..<image.channels {
              for f in 0..<channels {
                let pixel = (i * image.width + j) * image.channels + c
                let place = (a * positions.width + b) * channels + f
                let element = (di * size.width + dj) * image.channels + c
                if isTransposed {
                  body(pixel, place, f, element)
                } else {
                  body(place, pixel, element, f)
                }
              }
            }
          }
        }
      }
    }
  }

  func biasElement(of output: Int) -> Int {
    output % (isTransposed ? window.image.channels : channels)
  }

  var misreadings: [Misreading] {
    guard window.size.count > 1 else { return [] }
    let (taps, depth) = (window.size.count, window.image.channels)
    @Sendable func turned(_ element: Int) -> Int {
      (taps - 1 - element / depth) * depth + element % depth
    }
    let isTransposed = isTransposed
    return [
      Misreading(
        id: "unflipped",
        sentence: "reads its kernel turned by half a turn: written as a convolution, the transpose "
          + "of a convolution has to flip the kernel"
      ) { row, column in
        isTransposed ? (row, turned(column)) : (turned(row), column)
      }
    ]
  }
}
