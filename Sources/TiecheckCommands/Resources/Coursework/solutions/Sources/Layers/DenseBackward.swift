import Foundation

// Exercise 1: the backward pass of a dense layer. 4 points.
//
// A batch is a list of samples, one row each: element [n][i] belongs to sample n. The layer computes
//
//     y[n][j] = tanh(a[n][j]),   a[n][j] = sum over i of x[n][i] K[i][j] + b[j]
//
// Somewhere behind it stands a loss. Its derivative by the layer's output arrives from there, the
// cotangent c[n][j] = dL/dy[n][j], and the chain rule says the rest.

/// What a dense layer passes on.
public struct DenseGradients {
  /// dL/dK, of the shape of K.
  public var kernel: [[Double]]
  /// dL/db, one number for each unit.
  public var bias: [Double]
  /// dL/dx, of the shape of x: the cotangent of the layer before.
  public var input: [[Double]]

  /// The three gradients together.
  public init(kernel: [[Double]], bias: [Double], input: [[Double]]) {
    self.kernel = kernel
    self.bias = bias
    self.input = input
  }
}

/// y = tanh(x K + b): given.
public func denseForward(_ x: [[Double]], kernel: [[Double]], bias: [Double]) -> [[Double]] {
  x.map { sample in
    bias.indices.map { j in
      var a = bias[j]
      for i in sample.indices { a += sample[i] * kernel[i][j] }
      return tanh(a)
    }
  }
}

/// The gradients of the loss by the kernel, the bias and the input of a dense layer.
/// - Parameters:
///   - cotangent: dL/dy, one row for each sample.
///   - x: the input at which the derivative is taken, the very x of the forward pass.
public func denseBackward(
  _ cotangent: [[Double]], at x: [[Double]], kernel: [[Double]], bias: [Double]
) throws -> DenseGradients {
  let y = denseForward(x, kernel: kernel, bias: bias)
  var gradients = DenseGradients(
    kernel: kernel.map { $0.map { _ in 0 } }, bias: bias.map { _ in 0 },
    input: x.map { $0.map { _ in 0 } })
  for n in x.indices {
    for j in bias.indices {
      // dL/da: what every one of the three sums below is made of.
      let d = cotangent[n][j] * (1 - y[n][j] * y[n][j])
      gradients.bias[j] += d
      for i in kernel.indices {
        gradients.kernel[i][j] += x[n][i] * d
        gradients.input[n][i] += kernel[i][j] * d
      }
    }
  }
  return gradients
}
