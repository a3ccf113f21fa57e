// Exercise 5: find the fault. 4 points.
//
// A tied autoencoder, y = (x W) W^T + c, and the gradient of its loss by W, written by somebody in a
// hurry. The loss goes down when it is trained with this gradient, and the gradient is wrong. Run the
// test, read what it says, find the place, repair it.

/// A tied autoencoder without an activation.
public struct LinearAutoencoder {
  /// The shared kernel, inputs x hidden, and the decoder's bias.
  public var kernel: [[Double]]
  /// One number for each input.
  public var bias: [Double]

  /// The autoencoder at a point.
  public init(kernel: [[Double]], bias: [Double]) {
    self.kernel = kernel
    self.bias = bias
  }

  /// h = x W.
  public func encode(_ x: [Double]) -> [Double] {
    kernel[0].indices.map { j in
      var sum = 0.0
      for i in x.indices { sum += x[i] * kernel[i][j] }
      return sum
    }
  }

  /// y = h W^T + c.
  public func decode(_ h: [Double]) -> [Double] {
    kernel.indices.map { i in
      var sum = bias[i]
      for j in h.indices { sum += h[j] * kernel[i][j] }
      return sum
    }
  }

  /// The gradient by W of the mean over the samples of |y - x|^2 / 2.
  public func kernelGradient(_ batch: [[Double]]) throws -> [[Double]] {
    var gradient = kernel.map { $0.map { _ in 0.0 } }
    for x in batch {
      let h = encode(x)
      let error = zip(decode(h), x).map { ($0 - $1) / Double(batch.count) }
      for j in h.indices {
        // What arrives at hidden unit j, through the decoder.
        var back = 0.0
        for i in error.indices { back += error[i] * kernel[i][j] }
        for i in x.indices {
          // Through the encoder, and through the decoder.
          gradient[i][j] += x[i] * back + error[i] * h[j]
        }
      }
    }
    return gradient
  }
}
