import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

@Suite("Gradients")
struct GradientsTests {
  @Test("a fresh value is the zero: nothing is known of any parameter")
  func fresh() {
    let parameter = Parameter("b", [1.0, 2])
    let gradients = Gradients<Double>()
    #expect(gradients[parameter] == nil)
    #expect(gradients.parameters.isEmpty)
    #expect(gradients.flat(for: [parameter]) == [nil])
  }

  @Test("contributions add up, in order of first addition, for each parameter apart")
  func adding() throws {
    let w = Parameter("W", Matrix<Double>(rows: 1, columns: 2))
    let v = Parameter("V", Matrix<Double>(rows: 1, columns: 2))
    var gradients = Gradients<Double>()
    try gradients.add(Matrix([[1, 2]]), to: v)
    try gradients.add(Matrix([[10, 20]]), to: w)
    try gradients.add(Matrix([[3, 4]]), to: v)
    #expect(names(gradients.parameters) == ["V", "W"])
    #expect(gradients[v]?.nested == [[4, 6]])
    #expect(gradients.flat(for: [w, v]) == [[10, 20], [4, 6]])
  }

  @Test("equal names and values are not a tie: another Parameter has another gradient")
  func identity() throws {
    let one = Parameter("W", [1.0])
    let other = one.copy(named: "W")
    var gradients = Gradients<Double>()
    try gradients.add(Matrix([[1]]), to: one)
    #expect(gradients[other] == nil)
  }

  @Test("a value of its own: adding to a copy leaves the original")
  func valueSemantics() throws {
    let parameter = Parameter("b", [1.0])
    var a = Gradients<Double>()
    try a.add(Matrix([[1]]), to: parameter)
    var b = a
    try b.add(Matrix([[5]]), to: parameter)
    #expect(a[parameter]?.nested == [[1]])
    #expect(b[parameter]?.nested == [[6]])
  }

  @Test("through a transposed kernel the transpose is added")
  func addingTransposed() throws {
    let kernel = Kernel("W", Matrix<Double>(rows: 2, columns: 3))
    var gradients = Gradients<Double>()
    try gradients.add(Matrix([[1, 2, 3], [4, 5, 6]]), to: kernel)
    try gradients.add(Matrix([[10, 20], [30, 40], [50, 60]]), to: kernel.transposed)
    #expect(gradients[kernel.parameter]?.nested == [[11, 32, 53], [24, 45, 66]])
  }

  private func checkProducts<S: Scalar>(_ type: S.Type) throws {
    for seed in 1...30 as ClosedRange<UInt64> {
      let random = RandomSource(seed: seed)
      let rows = 1 + random.integer(below: 5)
      let columns = rows + 1 + random.integer(below: 3)
      let stored = Kernel<S>("W", randomMatrix(rows, columns, random))
      for kernel in [stored, stored.transposed] {
        let batch = 1 + random.integer(below: 5)
        let input: Matrix<S> = randomMatrix(batch, kernel.rows, random)
        let cotangent: Matrix<S> = randomMatrix(batch, kernel.columns, random)
        var gradients = Gradients<S>()
        // Twice: the second must add to the first.
        try gradients.addProduct(input: input, cotangent: cotangent, to: kernel)
        try gradients.addProduct(input: input, cotangent: cotangent, to: kernel)
        let gradient = try #require(gradients[stored.parameter])
        #expect(gradient.shape == [rows, columns])
        for i in 0..<kernel.rows {
          for j in 0..<kernel.columns {
            var expected = 0.0
            for b in 0..<batch { expected += 2 * Double(input[b, i]) * Double(cotangent[b, j]) }
            let actual = Double(kernel.isTransposed ? gradient[j, i] : gradient[i, j])
            #expect(
              abs(actual - expected) <= 4 * Double(batch * batch) * S.unitRoundoff,
              "seed \(seed), transposed \(kernel.isTransposed), (\(i), \(j))")
          }
        }
      }
    }
  }

  @Test("input^T cotangent by loops, in the Parameter's orientation, for either use")
  func products() throws {
    try checkProducts(Double.self)
    try checkProducts(Float.self)
  }

  @Test("a bias gets the sums over the batch")
  func columnSums() throws {
    let bias = Parameter("b", [0.0, 0])
    var gradients = Gradients<Double>()
    try gradients.addColumnSums(of: Matrix([[1, 2], [30, 40]]), to: bias)
    #expect(gradients[bias]?.nested == [[31, 42]])
  }

  @Test("contributions of the wrong shape are errors that name the parameter; nothing is added")
  func mismatches() throws {
    let kernel = Kernel("W", Matrix<Double>(rows: 3, columns: 2))
    let bias = Parameter("b", [0.0, 0])
    var gradients = Gradients<Double>()
    let turned = #expect(throws: ShapeMismatch.self) {
      try gradients.add(Matrix(rows: 2, columns: 3), to: kernel)
    }
    #expect(
      turned?.description
        == "gradient of W [3 x 2]: got 2 x 3, expected 3 x 2. Is it transposed?")
    let wrongWay = #expect(throws: ShapeMismatch.self) {
      try gradients.addProduct(
        input: Matrix(rows: 4, columns: 2), cotangent: Matrix(rows: 4, columns: 3), to: kernel)
    }
    #expect(
      wrongWay?.description == "gradient of W [3 x 2]: got 2 x 3, expected 3 x 2. "
        + "Is the kernel used the wrong way round (transposed)?")
    let batch = #expect(throws: ShapeMismatch.self) {
      try gradients.addProduct(
        input: Matrix(rows: 4, columns: 3), cotangent: Matrix(rows: 5, columns: 2), to: kernel)
    }
    #expect(
      batch?.description
        == "gradient of W [3 x 2]: got a cotangent of 5 rows, expected 4, as the input has.")
    #expect(throws: ShapeMismatch.self) {
      try gradients.addColumnSums(of: Matrix(rows: 4, columns: 3), to: bias)
    }
    #expect(gradients.parameters.isEmpty)
  }
}
