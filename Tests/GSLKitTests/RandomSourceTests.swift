import GSLKit
import Testing

@Suite("RandomSource")
struct RandomSourceTests {
  @Test("the stream is mt19937: its published first outputs and its 10000th for seed 5489")
  func knownOutputs() {
    // Matsumoto & Nishimura's generator; the C++ standard demands the 10000th of every library.
    let random = RandomSource(seed: 5489)
    let outputs = (0..<10_000).map { _ in random.uniform() * 4_294_967_296 }
    #expect(
      outputs.prefix(5) == [3_499_211_612, 581_869_302, 3_890_346_734, 3_586_334_585, 545_404_204])
    #expect(outputs[9_999] == 4_123_659_995)
  }

  @Test("the same seed gives the same numbers of every kind, another seed gives others")
  func seeds() {
    func draw(_ seed: UInt64) -> [Double] {
      let random = RandomSource(seed: seed)
      let matrix: Matrix<Double> = random.matrix(rows: 3, columns: 2, -1, 1)
      return [random.uniform(), random.normal(), Double(random.integer(below: 1_000_000))]
        + random.permutation(of: 9).map(Double.init) + [random.sign()] + matrix.elements
    }
    for seed in [1, 7, 4357, 1 << 40] as [UInt64] {
      #expect(draw(seed) == draw(seed))
      #expect(draw(seed) != draw(seed + 1))
    }
    #expect(draw(1) != draw(1 + (1 << 32)))
  }

  @Test("seed 0 is what GSL takes it for, its default 4357")
  func seedZero() {
    #expect(RandomSource(seed: 0).uniform() == RandomSource(seed: 4357).uniform())
  }

  @Test("a permutation holds every number once, and every place is reached by every number")
  func permutations() {
    let random = RandomSource(seed: 3)
    var seen = Set<[Int]>()
    for count in 0...6 {
      #expect(random.permutation(of: count).sorted() == Array(0..<count))
    }
    for _ in 0..<400 { seen.insert(random.permutation(of: 4)) }
    #expect(seen.count == 24)
  }

  @Test("uniform numbers stay within their bounds and have the mean and spread they should")
  func uniform() {
    let random = RandomSource(seed: 5)
    let values = (0..<20_000).map { _ in random.uniform(-1, 3) }
    #expect(values.allSatisfy { $0 >= -1 && $0 < 3 })
    let mean = values.reduce(0, +) / 20_000
    let deviationOfTheMean: Double = 4 / (12 * 20_000.0).squareRoot()
    #expect(abs(mean - 1) < 5 * deviationOfTheMean)
  }

  @Test("normal numbers have mean 0 and the deviation asked for")
  func normal() {
    let random = RandomSource(seed: 6)
    let values = (0..<20_000).map { _ in random.normal(deviation: 3) }
    let mean = values.reduce(0, +) / 20_000
    let deviationOfTheMean: Double = 3 / 20_000.0.squareRoot()
    #expect(abs(mean) < 5 * deviationOfTheMean)
    #expect(isClose(rootMeanSquare(values), 3, within: 5 / 40_000.0.squareRoot()))
  }

  @Test("integers cover 0..<bound and nothing else; signs are +1 and -1")
  func integers() {
    let random = RandomSource(seed: 8)
    #expect(Set((0..<200).map { _ in random.integer(below: 5) }) == Set(0..<5))
    #expect(Set((0..<50).map { _ in random.sign() }) == [-1, 1])
    #expect(random.integer(below: 1) == 0)
  }
}
