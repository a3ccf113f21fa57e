import Foundation
import GSLKit
import GradientCheck
import Testing

/// loss = mean over samples of (tanh(x W) W^T - x)^2 / 2 in loops, with the two gradients by hand.
private struct HandMade {
  let x = [[0.5, -0.2, 0.8], [-0.4, 0.9, 0.3], [0.7, 0.1, -0.6], [0.2, -0.8, 0.5]]
  let kernel = [[0.4, -0.3, 0.2], [0.1, 0.6, -0.5], [-0.2, 0.3, 0.7]]

  func loss(_ encoder: [[Double]], _ decoder: [[Double]]) -> Double {
    var sum = 0.0
    for sample in x {
      for (i, y) in output(hidden(sample, encoder), decoder).enumerated() {
        sum += (y - sample[i]) * (y - sample[i]) / 2
      }
    }
    return sum / Double(x.count)
  }

  func hidden(_ sample: [Double], _ w: [[Double]]) -> [Double] {
    (0..<3).map { j in Foundation.tanh((0..<3).reduce(0) { $0 + sample[$1] * w[$1][j] }) }
  }

  func output(_ h: [Double], _ w: [[Double]]) -> [Double] {
    (0..<3).map { i in (0..<3).reduce(0) { $0 + h[$1] * w[i][$1] } }
  }

  /// What encoder and decoder contribute, both in the orientation of W.
  func contributions(_ w: [[Double]]) -> [[[Double]]] {
    var (encoder, decoder) = (zero, zero)
    for sample in x {
      let h = hidden(sample, w)
      let e = zip(output(h, w), sample).map { ($0 - $1) / Double(x.count) }
      for i in 0..<3 {
        for j in 0..<3 {
          decoder[i][j] += e[i] * h[j]
          let back = (0..<3).reduce(0) { $0 + e[$1] * w[$1][j] }
          encoder[i][j] += sample[i] * back * (1 - h[j] * h[j])
        }
      }
    }
    return [encoder, decoder]
  }

  var zero: [[Double]] { [[Double]](repeating: [0, 0, 0], count: 3) }

  func sum(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
    zip(a, b).map { zip($0, $1).map(+) }
  }

  /// - Parameter total: of the two contributions.
  func run(_ total: @escaping ([[Double]], [[Double]]) -> [[Double]]) throws -> CaseResult {
    try CheckCase(
      name: "by hand", model: "mine", expectedTies: [["encoder", "decoder"]], scope: .ties
    ) {
      try SharedKernelObjective(
        at: kernel, places: ["encoder", .transposed("decoder")],
        loss: { k in loss(k[0], k[1]) }, contributions: { contributions($0) },
        gradient: { w in
          let parts = contributions(w)
          return total(parts[0], parts[1])
        })
    }.run(CheckOptions())
  }
}

struct SharedKernelObjectiveTests {
  @Test func theSumOfBothContributionsPasses() throws {
    let result = try HandMade().run(HandMade().sum)
    #expect(result.verdict == .pass)
    #expect(result.diagnoses.isEmpty)
    let group = try #require(result.tie.groups.first)
    #expect(group.paths.map(\.layer) == ["encoder", "decoder"])
    #expect(abs(group.paths.reduce(0) { $0 + $1.share } - 1) < 1e-6)
    #expect(group.uses.map(\.transposed) == [false, true])
  }

  @Test func everyWrongSumIsNamed() throws {
    let hand = HandMade()
    func transposed(_ m: [[Double]]) -> [[Double]] { (0..<3).map { j in m.map { $0[j] } } }
    func half(_ m: [[Double]]) -> [[Double]] { m.map { $0.map { $0 / 2 } } }
    let wrong: [(String, ([[Double]], [[Double]]) -> [[Double]])] = [
      ("missing-path", { e, d in e }), ("missing-path", { e, d in d }),
      ("untransposed", { e, d in hand.sum(e, transposed(d)) }),
      ("averaged", { e, d in half(hand.sum(e, d)) }),
      ("doubled-path", { e, d in hand.sum(hand.sum(e, d), d) }),
    ]
    for (name, total) in wrong {
      let result = try hand.run(total)
      #expect(result.verdict == .fail)
      #expect(result.diagnoses.first?.id == name)
    }
  }

  @Test func aPlaceThatReadsACopyDoesNotFollow() throws {
    let hand = HandMade()
    let result = try CheckCase(name: "copy", model: "mine", scope: .ties) {
      try SharedKernelObjective(
        at: hand.kernel, places: ["encoder", .transposed("decoder")],
        loss: { k in hand.loss(k[0], hand.kernel) },
        contributions: { [hand.contributions($0)[0], hand.zero] },
        gradient: { hand.contributions($0)[0] })
    }.run(CheckOptions())
    #expect(result.gradient.entries.fail == 0)
    #expect(result.gradient.secondPoint?.verdict == .fail, "the copy is not where the kernel is")
    #expect(result.verdict == .fail)
    #expect(result.diagnoses.map(\.id) == ["stale-copy"])
  }

  @Test func onePlaceAloneIsRefused() {
    for places: [KernelPlace] in [[], ["a"], ["a", "a"]] {
      #expect(throws: ShapeMismatch.self) {
        try SharedKernelObjective(
          at: [[1.0]], places: places, loss: { _ in 0 }, contributions: { _ in [] },
          gradient: { $0 })
      }
    }
  }
}
