import GSLKit

/// How one row of a batch holds an image: height x width pixels with several channels each. Channel c
/// of the pixel in row i and column j is element (i * width + j) * channels + c ("channels last"). A
/// signal is an image of height 1.
public struct ImageShape: Hashable, Sendable, Codable, CustomStringConvertible {
  /// Rows of pixels.
  public let height: Int
  /// Columns of pixels.
  public let width: Int
  /// Numbers for each pixel.
  public let channels: Int

  /// An image.
  public init(height: Int, width: Int, channels: Int = 1) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// A signal.
  public init(length: Int, channels: Int = 1) {
    self.init(height: 1, width: length, channels: channels)
  }

  /// Elements of one row.
  public var count: Int { height * width * channels }

  /// [height, width, channels]; [length, channels] for a signal.
  package var shape: [Int] { height == 1 ? [width, channels] : [height, width, channels] }

  /// "height x width x channels".
  public var description: String { shapeText([height, width, channels]) }
}

/// A number for each of the two directions of an image.
public struct Extent: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The number for the vertical direction.
  public let height: Int
  /// The number for the horizontal direction.
  public let width: Int

  /// A number for each direction.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// The same in both directions.
  public init(_ both: Int) { self.init(height: both, width: both) }

  /// The product of the two numbers.
  public var count: Int { height * width }

  /// "3", or "3 x 5" where the two differ.
  public var description: String { height == width ? "\(height)" : shapeText([height, width]) }
}

/// How a convolution's kernel is drawn: as a small image, the window, for each pair of channels.
public struct KernelImages: Hashable, Sendable, Codable {
  /// Rows of the window.
  public let height: Int
  /// Columns of the window.
  public let width: Int
  /// Whether the window runs along the columns of the Parameter, and not along its rows.
  public let isAlongColumns: Bool

  /// A window of that size.
  public init(height: Int, width: Int, isAlongColumns: Bool) {
    self.height = height
    self.width = width
    self.isAlongColumns = isAlongColumns
  }

  enum CodingKeys: String, CodingKey {
    case height, width
    case isAlongColumns = "along_columns"
  }
}

/// A window that slides over an image in steps: what a convolution and its transpose have in common.
///
/// Along each direction the window of `size` k starts at -p, s - p, 2 s - p, ... and has
///
///     positions = floor((n + 2 p - k) / s) + 1
///
/// places on an image of length n with padding p and stride s; outside the image it sees zeros. Seen
/// from the other side, the image has
///
///     n = (positions - 1) s - 2 p + k + r,    r = (n + 2 p - k) mod s
///
/// pixels, where r, the output padding, is what the division has lost: several images fit one number
/// of positions, and a transposed convolution has to say which it makes (Dumoulin & Visin, arXiv
/// 1603.07285, relationships 6 and 14).
public struct SlidingWindow: Equatable, Sendable {
  /// What the window slides over.
  public let image: ImageShape
  /// Rows and columns of the window: k.
  public let size: Extent
  /// How far each move goes: s.
  public let stride: Extent
  /// Rows and columns of zeros on each side of the image: p.
  public let padding: Extent
  /// How many places the window has in each direction.
  public let positions: Extent
  /// For every element of every patch its place in the image, -1 in the padding. A patch holds the
  /// window's pixels row by row, each with its channels.
  private let sources: [Int32]

  /// The most elements that all positions together may see in one image: more would not fit into
  /// memory for a batch.
  public static let largestCount = 1 << 24

  /// - Throws: `ShapeMismatch` unless the window fits into the padded image.
  public init(
    over image: ImageShape, size: Extent, stride: Extent = Extent(1), padding: Extent = Extent(0)
  ) throws {
    let text =
      "a window of \(shapeText([size.height, size.width])), stride \(stride), padding \(padding) "
      + "over an image of \(image)"
    guard image.height > 0, image.width > 0, image.channels > 0, size.height > 0, size.width > 0,
      stride.height > 0, stride.width > 0, padding.height >= 0, padding.width >= 0
    else {
      throw ShapeMismatch(
        operation: "sliding window", given: text,
        expected: "sizes and strides of at least 1, and no negative padding")
    }
    // In Double: the numbers may be anybody's, and their product may not fit an Int.
    let pixels = Double(image.height) * Double(image.width) * Double(image.channels)
    func tooLarge() -> ShapeMismatch {
      ShapeMismatch(
        operation: "sliding window", given: text,
        expected: "an image and patches of at most \(Self.largestCount) elements")
    }
    guard pixels <= Double(Self.largestCount),
      [size.height, size.width, padding.height, padding.width].allSatisfy({
        $0 <= Self.largestCount
      })
    else { throw tooLarge() }
    func positions(_ n: Int, _ k: Int, _ s: Int, _ p: Int) throws -> Int {
      guard k <= n + 2 * p else {
        throw ShapeMismatch(
          operation: "sliding window", given: text,
          expected: "a window of at most \(n + 2 * p), the image's \(n) and its padding",
          hint: "Choose a smaller window, or more padding.")
      }
      return (n + 2 * p - k) / s + 1
    }
    self.image = image
    self.size = size
    self.stride = stride
    self.padding = padding
    self.positions = Extent(
      height: try positions(image.height, size.height, stride.height, padding.height),
      width: try positions(image.width, size.width, stride.width, padding.width))
    let count = [
      self.positions.height, self.positions.width, size.height, size.width, image.channels,
    ].reduce(1.0) { $0 * Double($1) }
    guard count <= Double(Self.largestCount) else { throw tooLarge() }

    sources = Self.sources(over: image, size, stride, padding, self.positions)
  }

  private static func sources(
    over image: ImageShape, _ size: Extent, _ stride: Extent, _ padding: Extent, _ positions: Extent
  ) -> [Int32] {
    var sources: [Int32] = []
    sources.reserveCapacity(positions.count * size.count * image.channels)
    for a in 0..<positions.height {
      for b in 0..<positions.width {
        for di in 0..<size.height {
          for dj in 0..<size.width {
            let i = a * stride.height + di - padding.height
            let j = b * stride.width + dj - padding.width
            let isInside = (0..<image.height).contains(i) && (0..<image.width).contains(j)
            let pixel = (i * image.width + j) * image.channels
            for c in 0..<image.channels { sources.append(isInside ? Int32(pixel + c) : -1) }
          }
        }
      }
    }
    return sources
  }

  /// The window of a transposed convolution, from the side it starts at.
  /// - Parameters:
  ///   - positions: height and width of what it takes.
  ///   - channels: of the image that it makes.
  ///   - outputPadding: how many rows and columns the image has beyond the smallest one that fits;
  ///     less than the stride.
  /// - Throws: `ShapeMismatch` where there is no such image.
  public init(
    positions: Extent, channels: Int, size: Extent, stride: Extent = Extent(1),
    padding: Extent = Extent(0), outputPadding: Extent = Extent(0)
  ) throws {
    guard (0..<max(stride.height, 1)).contains(outputPadding.height),
      (0..<max(stride.width, 1)).contains(outputPadding.width)
    else {
      throw ShapeMismatch(
        operation: "sliding window", given: "an output padding of \(outputPadding)",
        expected: "at least 0 and less than the stride, \(stride)",
        hint: "A larger image has room for more positions than \(positions).")
    }
    let image = ImageShape(
      height: (positions.height - 1) * stride.height - 2 * padding.height + size.height
        + outputPadding.height,
      width: (positions.width - 1) * stride.width - 2 * padding.width + size.width
        + outputPadding.width, channels: channels)
    guard image.height > 0, image.width > 0 else {
      throw ShapeMismatch(
        operation: "sliding window",
        given: "\(shapeText([positions.height, positions.width])) positions of a window of "
          + "\(shapeText([size.height, size.width])), stride \(stride), padding \(padding)",
        expected: "an image of at least one pixel; the padding takes it all away")
    }
    try self.init(over: image, size: size, stride: stride, padding: padding)
  }

  /// What the division in `positions` has lost, in each direction.
  public var outputPadding: Extent {
    Extent(
      height: (image.height + 2 * padding.height - size.height) % stride.height,
      width: (image.width + 2 * padding.width - size.width) % stride.width)
  }

  /// What a convolution makes: one pixel for each position.
  public func output(channels: Int) -> ImageShape {
    ImageShape(height: positions.height, width: positions.width, channels: channels)
  }

  /// Elements that the window sees at one position: the rows of a convolution's kernel.
  public var patchCount: Int { size.count * image.channels }

  /// What the window sees: (batch x image) to (batch * positions) x patch ("im2col").
  /// - Precondition: rows of `images` are images of this shape.
  func patches<S: Scalar>(of images: Matrix<S>) -> Matrix<S> {
    precondition(images.columns == image.count)
    var patches = Matrix<S>(rows: images.rows * positions.count, columns: patchCount)
    sources.withUnsafeBufferPointer { sources in
      images.elements.withUnsafeBufferPointer { x in
        patches.elements.withUnsafeMutableBufferPointer { y in
          guard let x = x.baseAddress, let y = y.baseAddress else { return }
          for sample in 0..<images.rows {
            S.gather(
              x + sample * images.columns, sources.baseAddress!, y + sample * sources.count,
              sources.count)
          }
        }
      }
    }
    return patches
  }

  /// The adjoint of `patches`: every element of a patch is added to the pixel it was read from
  /// ("col2im").
  /// - Precondition: there is a patch for every position of each of `batch` images.
  func images<S: Scalar>(adding patches: Matrix<S>, batch: Int) -> Matrix<S> {
    precondition(patches.elements.count == batch * sources.count)
    var images = Matrix<S>(rows: batch, columns: image.count)
    sources.withUnsafeBufferPointer { sources in
      patches.elements.withUnsafeBufferPointer { y in
        images.elements.withUnsafeMutableBufferPointer { x in
          guard let x = x.baseAddress, let y = y.baseAddress else { return }
          for sample in 0..<batch {
            S.scatterAdd(
              y + sample * sources.count, sources.baseAddress!, x + sample * image.count,
              sources.count)
          }
        }
      }
    }
    return images
  }
}
