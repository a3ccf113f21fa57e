import GradientCheck
import GradientCheckTesting
import Testing
import TiedLayers

struct ExpectTiedTests {
  @Test func aTiedPairPassesByItsLayersAndByTheirNames() throws {
    let objective = try pair(seed: 2)
    let layers = objective.network.chain.layers
    let result = try #require(expectTied(layers[0], layers[1], in: objective))
    #expect(result.verdict == .pass)
    #expect(result.tie.groups.map(\.parameter) == ["W"] && result.updates.optimizers.isEmpty)
    expectTied("encoder", "decoder", in: objective)
  }

  @Test func equalValuesAreNotATie() throws {
    let objective = try pair(seed: 2, tied: false)
    let said = collectingFailures { expectTied("encoder", "decoder", in: objective) }
    #expect(said.count == 1)
    #expect(said[0].contains("should share one kernel, but"))
    #expect(said[0].hasSuffix("tiecheck faults copied"))
  }

  @Test func aLostPathIsNamed() throws {
    let objective = try pair(seed: 2, decoder: { Forgetful(inner: $0) })
    let layers = objective.network.chain.layers
    let said = collectingFailures { expectTied(layers[0], layers[1], in: objective) }
    #expect(said.count == 1 && said[0].contains("contribution of decoder is missing"))
  }

  @Test func aQuestionThatMakesNoSenseIsAFailureThatSaysWhy() throws {
    let objective = try pair(seed: 2)
    let stranger = try pair(seed: 3).network.chain.layers[1]
    let encoder = objective.network.chain.layers[0]
    let said = collectingFailures {
      expectTied("encoder", in: objective)
      expectTied("encoder", "output", in: objective)
      expectTied(encoder, stranger, in: objective)
    }
    #expect(said.count == 3)
    #expect(said[0].contains("needs two or more layers; got encoder"))
    #expect(
      said[1].contains("no layer \"output\" in the objective; it has \"encoder\", \"decoder\""))
    #expect(said[2].contains("holds other parameters than the layer of that name"))
  }

  @Test(arguments: ["right", "missing-path", "untransposed"])
  func plainFunctionsWithOneKernelEach(mistake: String) {
    // loss = sum of (a_i W_ij b_j)^3 + (b_i W_ji a_j)^2: an encoder's use and a transposed one.
    let (a, b) = ([0.5, -1.25], [0.75, 1.5])
    let kernel = [[0.4, -0.3], [0.8, 0.6]]
    func square(_ f: (Int, Int) -> Double) -> [[Double]] {
      [[f(0, 0), f(0, 1)], [f(1, 0), f(1, 1)]]
    }
    func first(_ w: [[Double]], _ i: Int, _ j: Int) -> Double { a[i] * w[i][j] * b[j] }
    func second(_ w: [[Double]], _ i: Int, _ j: Int) -> Double { b[i] * w[j][i] * a[j] * 2 }
    let said = collectingFailures {
      expectTied(
        "encoder", .transposed("decoder"), at: kernel,
        in: { k in
          var sum = 0.0
          for i in 0...1 {
            for j in 0...1 {
              let (x, y) = (first(k[0], i, j), second(k[1], i, j))
              sum += x * x * x + y * y
            }
          }
          return sum
        },
        contributions: { w in
          [
            square { i, j in 3 * first(w, i, j) * first(w, i, j) * a[i] * b[j] },
            square { i, j in 2 * second(w, j, i) * b[j] * a[i] * 2 },
          ]
        },
        equals: { w in
          square { i, j in
            let one = 3 * first(w, i, j) * first(w, i, j) * a[i] * b[j]
            let two = 2 * second(w, j, i) * b[j] * a[i] * 2
            let turned = 2 * second(w, i, j) * b[i] * a[j] * 2
            return one + (mistake == "right" ? two : mistake == "untransposed" ? turned : 0)
          }
        })
    }
    #expect(said.count == (mistake == "right" ? 0 : 1), "\(said)")
    #expect(said.allSatisfy { $0.hasSuffix("tiecheck faults \(mistake)") }, "\(said)")
  }
}
