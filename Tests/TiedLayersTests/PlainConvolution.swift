import GSLKit
import TiedLayers
import TiedLayersTestSupport

/// A convolution and its transpose by the formulas alone, in loops over indices: no patches, no
/// matrix products, and the transpose written in the other way, as a convolution over an image with
/// zeros put in, with the kernel flipped.
struct PlainConvolution {
  var height: Int
  var width: Int
  var channels: Int
  var filters: Int
  var kh: Int
  var kw: Int
  var sh: Int
  var sw: Int
  var ph: Int
  var pw: Int

  var outputHeight: Int { (height + 2 * ph - kh) / sh + 1 }
  var outputWidth: Int { (width + 2 * pw - kw) / sw + 1 }
  var imageCount: Int { height * width * channels }
  var outputCount: Int { outputHeight * outputWidth * filters }
  var kernelCount: Int { kh * kw * channels * filters }

  private func weight<N>(_ kernel: [N], _ di: Int, _ dj: Int, _ c: Int, _ f: Int) -> N {
    kernel[((di * kw + dj) * channels + c) * filters + f]
  }

  /// One image to one output.
  func forward<N: PlainNumber>(_ image: [N], kernel: [N], bias: [N]) -> [N] {
    var output: [N] = []
    for a in 0..<outputHeight {
      for b in 0..<outputWidth {
        for f in 0..<filters {
          var sum = bias[f]
          for di in 0..<kh {
            for dj in 0..<kw {
              let (i, j) = (a * sh + di - ph, b * sw + dj - pw)
              if i < 0 || j < 0 || i >= height || j >= width { continue }
              for c in 0..<channels {
                sum =
                  sum + image[(i * width + j) * channels + c] * weight(kernel, di, dj, c, f)
              }
            }
          }
          output.append(sum)
        }
      }
    }
    return output
  }

  /// One small image to one image: input (a, b) stands at (a sh, b sw) among zeros, and
  /// output(i, j) = sum over all shifts of stuffed(i + p - di, j + p - dj) K(di, dj).
  func transposed<N: PlainNumber>(_ input: [N], kernel: [N], bias: [N]) -> [N] {
    var output: [N] = []
    for i in 0..<height {
      for j in 0..<width {
        for c in 0..<channels {
          var sum = bias[c]
          for di in 0..<kh {
            for dj in 0..<kw {
              let (y, x) = (i + ph - di, j + pw - dj)
              if y < 0 || x < 0 || y % sh != 0 || x % sw != 0 { continue }
              let (a, b) = (y / sh, x / sw)
              if a >= outputHeight || b >= outputWidth { continue }
              for f in 0..<filters {
                sum =
                  sum + input[(a * outputWidth + b) * filters + f]
                  * weight(kernel, di, dj, c, f)
              }
            }
          }
          output.append(sum)
        }
      }
    }
    return output
  }

  var window: SlidingWindow {
    get throws {
      try SlidingWindow(
        over: ImageShape(height: height, width: width, channels: channels),
        size: Extent(height: kh, width: kw), stride: Extent(height: sh, width: sw),
        padding: Extent(height: ph, width: pw))
    }
  }

  /// One that the seed chooses, half of them over signals.
  static func random(seed: UInt64) -> (Self, RandomSource) {
    let random = RandomSource(seed: seed)
    let isSignal = seed % 2 == 0
    func pick(_ range: ClosedRange<Int>) -> Int {
      range.lowerBound + random.integer(below: range.count)
    }
    let (ph, pw) = (isSignal ? 0 : pick(0...2), pick(0...2))
    let (height, width) = (isSignal ? 1 : pick(1...6), pick(1...7))
    return (
      Self(
        height: height, width: width, channels: pick(1...3), filters: pick(1...3),
        kh: pick(1...min(4, height + 2 * ph)), kw: pick(1...min(4, width + 2 * pw)),
        sh: pick(1...3), sw: pick(1...3), ph: ph, pw: pw), random
    )
  }
}
