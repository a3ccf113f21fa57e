import GSLKit
import GradientCheck
import GradientCheckTesting
import Testing
import TiedLayers

/// f = sum x^3 / 3 over lists and matrices of both precisions: right, and with a mistake.
struct ExpectGradientTests {
  @Test func rightGradientsPassInEveryForm() throws {
    let said = try collectingFailures {
      expectGradient(
        of: { x in x[0] * x[0] * x[1] }, at: [1, 2], equals: { [2 * $0[0] * $0[1], $0[0] * $0[0]] })
      expectGradient(of: { x in x[0] * x[0] * x[1] }, at: [1, 2], equals: [4, 1])
      expectGradient(
        of: { m in m[0][0] * m[1][1] }, at: [[1, 2], [3, 4]],
        equals: { [[$0[1][1], 0], [0, $0[0][0]]] })
      expectGradient(
        of: { m in m[0][0] * m[1][1] }, at: [[1, 2], [3, 4]], equals: [[4, 0], [0, 1]])
      let x: [Float] = [1, 2]
      let m: [[Float]] = [[1, 2], [3, 4]]
      expectGradient(
        of: { x in x[0] * x[0] * x[1] }, at: x, equals: { [2 * $0[0] * $0[1], $0[0] * $0[0]] })
      expectGradient(of: { x in x[0] * x[0] * x[1] }, at: x, equals: [4, 1])
      expectGradient(
        of: { $0[0][0] * $0[1][1] }, at: m, equals: { [[$0[1][1], 0], [0, $0[0][0]]] })
      expectGradient(of: { $0[0][0] * $0[1][1] }, at: m, equals: [[4, 0], [0, 1]])
      let result = expectGradient(of: try pair(seed: 1))
      #expect(result?.verdict == .pass && result?.name == "rightGradientsPassInEveryForm")
    }
    #expect(said.isEmpty, "\(said)")
  }

  @Test func aWrongOneFailsOnceInEveryForm() throws {
    let m: [[Float]] = [[1, 2], [3, 4]]
    let said = try collectingFailures {
      expectGradient(of: { x in x[0] * x[0] * x[1] }, at: [1, 2], equals: { [$0[0] * $0[1], 1] })
      expectGradient(of: { x in x[0] * x[0] * x[1] }, at: [1, 2], equals: [4, 1.00001])
      expectGradient(
        of: { m in m[0][0] * m[1][1] }, at: [[1, 2], [3, 4]], equals: [[4, 0], [0.1, 1]])
      expectGradient(of: { $0[0][0] * $0[1][1] }, at: m, equals: { [[$0[1][1], 0], [0, 1.1]] })
      expectGradient(of: try pair(seed: 1, decoder: { Forgetful(inner: $0) }))
    }
    #expect(said.count == 5)
    #expect(said.allSatisfy { $0.hasPrefix("FAIL  aWrongOneFailsOnceInEveryForm\n") })
    #expect(said[2].contains("one entry is wrong, at [1, 0]"))
    #expect(said[4].contains("contribution of decoder is missing"))
    #expect(said[4].hasSuffix("For more: swift run tiecheck faults missing-path"))
  }

  @Test func inconclusiveAndVacuousFailUnlessAllowedByName() {
    func corner(_ allowed: Set<Allowance>) -> [String] {
      collectingFailures {
        expectGradient(
          of: { x in max(x[0], 0) + x[1] }, at: [0, 1], equals: [-0.1, 1], allowing: allowed)
      }
    }
    func flat(_ allowed: Set<Allowance>) -> [String] {
      collectingFailures {
        expectGradient(
          of: { _ in 5 }, at: [0], equals: { _ in [0] }, allowing: allowed)
      }
    }
    #expect(corner([]).count == 1 && corner([.vacuous]).count == 1 && corner([.inconclusive]) == [])
    #expect(flat([]).count == 1 && flat([.inconclusive]).count == 1 && flat([.vacuous]) == [])
    #expect(corner([])[0].hasPrefix("INCONCLUSIVE") && flat([])[0].hasPrefix("VACUOUS"))
    // A wrong gradient is wrong whatever is allowed.
    let wrong = collectingFailures {
      expectGradient(
        of: { x in x[0] * x[0] }, at: [1], equals: [3], allowing: [.inconclusive, .vacuous])
    }
    #expect(wrong.count == 1)
  }

  @Test func whateverTheCodeUnderCheckThrowsIsTheMessage() {
    struct NotSolved: Error, CustomStringConvertible { let description = "not solved yet: f" }
    let said = collectingFailures {
      #expect(
        expectGradient(of: { x in x[0] }, at: [1], equals: { _ in throw NotSolved() }) == nil)
      expectGradient(of: { x in x[0] / 0 }, at: [1], equals: [1])
      expectGradient(of: { _ in 0 }, at: [Double](), equals: [])
      expectGradient(of: { $0[0][0] }, at: [[1, 2], [3]], equals: [[1, 0], [0]])
      expectGradient(of: { $0[0][0] }, at: [[1, 2]], equals: [[1], [0]])
      expectGradient(of: { $0[0] }, at: [1, 2], equals: [1])
    }
    #expect(said.count == 6)
    #expect(said[0].contains("Not solved yet") || said[0].contains("not solved yet: f"))
    #expect(said[1].contains("expected a finite number"))
    #expect(said[2].contains("nothing to check"))
    #expect(said[3].contains("1 elements in row 1"))
    #expect(said[4].contains("got 2 x 1, expected 1 x 2. Is it transposed?"))
    #expect(said[5].contains("has 1 elements; expected 2"))
  }

  @Test func nameSeedAndTolerance() {
    let x = [0.5, 1.5]
    let off = { (x: [Double]) in [2 * x[0] * (1 + 1e-4), 2 * x[1]] }
    let said = collectingFailures {
      expectGradient(of: { $0[0] * $0[0] + $0[1] * $0[1] }, at: x, equals: off, named: "squares")
      let result = expectGradient(
        of: { $0[0] * $0[0] + $0[1] * $0[1] }, at: x, equals: off, named: "squares",
        options: CheckOptions(rtol: 1e-3, seed: 5))
      #expect(result?.name == "squares, seed 5" && result?.verdict == .pass)
    }
    #expect(said.count == 1 && said[0].hasPrefix("FAIL  squares\n"))
  }
}
