import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

@Suite("Dense")
struct DenseTests {
  @Test("output = activation(input K + b), by hand, through either orientation")
  func byHand() throws {
    let kernel = Kernel("W", try Matrix([[1.0, 2, 3], [4, 5, 6]]))
    let dense = Dense("d", kernel: kernel, bias: Parameter("b", [0.5, -40, 1]), activation: .relu)
    #expect(try dense.forward(Matrix([[1, -1], [2, 1]])).nested == [[0, 0, 0], [6.5, 0, 13]])
    let back = Dense("t", kernel: kernel.transposed)
    #expect(try back.forward(Matrix([[1, 0, -1]])).nested == [[-2, -2]])
  }

  @Test("backward equals differences: input, kernel and bias, every activation, both orientations")
  func backward() throws {
    for activation in ElementwiseFunction.allCases where activation != .relu {
      for transposed in [false, true] {
        let random = RandomSource(seed: transposed ? 21 : 20)
        let parameter = Parameter<Double>("W", randomMatrix(4, 3, random))
        let kernel = Kernel(parameter, transposed: transposed)
        let bias: Parameter<Double> = randomBias("b", kernel.columns, random)
        let layer = Dense("d", kernel: kernel, bias: bias, activation: activation)
        var input: Matrix<Double> = randomMatrix(2, kernel.rows, random)
        let cotangent: Matrix<Double> = randomMatrix(2, kernel.columns, random)
        func value() throws -> Double {
          innerProduct(try layer.forward(input).elements, cotangent.elements)
        }
        var gradients = Gradients<Double>()
        let back = try layer.backward(cotangent, at: input, into: &gradients)
        let start = input.elements
        let byInput = try centralDifferences(start) {
          input.elements = $0
          return try value()
        }
        input.elements = start
        expectClose(back.elements, byInput, within: 1e-9, "\(activation), input")
        for parameter in layer.parameters {
          let saved = parameter.flat
          let numeric = try centralDifferences(saved) {
            parameter.flat = $0
            return try value()
          }
          parameter.flat = saved
          let analytic = try #require(gradients[parameter])
          expectClose(analytic.elements, numeric, within: 1e-9, "\(activation), \(parameter)")
        }
      }
    }
  }

  @Test("relu passes a cotangent where its input is positive and nowhere else")
  func reluBackward() throws {
    let dense = Dense("d", kernel: Kernel("W", try Matrix([[1.0, -1, 0]])), activation: .relu)
    var gradients = Gradients<Double>()
    let back = try dense.backward(Matrix([[3, 5, 7]]), at: Matrix([[2]]), into: &gradients)
    #expect(back.nested == [[3]])
    #expect(gradients[dense.kernel.parameter]?.nested == [[6, 0, 0]])
  }

  @Test("kernels and biases can be rebound, and a missing bias stays missing")
  func rebinding() {
    var dense = Dense("d", kernel: Kernel("W", Matrix<Double>(rows: 2, columns: 1)))
    #expect(dense.biases.isEmpty)
    dense.biases = []
    #expect(dense.bias == nil)
    let other = Kernel("V", Matrix<Double>(rows: 1, columns: 2)).transposed
    dense.kernels = [other]
    #expect(dense.kernel.parameter === other.parameter)
    #expect(dense.kernel.isTransposed)
    let bias = Parameter("b", [0.0])
    dense.biases = [bias]
    #expect(dense.bias === bias)
    #expect(names(dense.parameters) == ["V", "b"])
  }

  @Test("the kind names the activation")
  func kind() {
    let kernel = Kernel("W", Matrix<Double>(rows: 2, columns: 1))
    #expect(Dense("d", kernel: kernel).kind == "Dense")
    #expect(Dense("d", kernel: kernel, activation: .tanh).kind == "Dense (tanh)")
  }

  @Test("an input of the wrong width is an error; one that fits the transpose is recognised")
  func inputMismatch() {
    let dense = Dense("decoder", kernel: Kernel("W", Matrix<Double>(rows: 10, columns: 5)))
    let turned = #expect(throws: ShapeMismatch.self) {
      try dense.forward(Matrix(rows: 2, columns: 5))
    }
    #expect(
      turned?.description == "dense layer \"decoder\": got an input of width 5, expected 10. "
        + "Is the kernel used the wrong way round (transposed)?")
    let other = #expect(throws: ShapeMismatch.self) {
      try dense.forward(Matrix(rows: 2, columns: 7))
    }
    #expect(
      other?.description == "dense layer \"decoder\": got an input of width 7, expected 10.")
  }

  @Test("the encoder's bias in a decoder that is not square is an error that says why")
  func biasMismatch() {
    let encoder = Dense(
      "encoder", kernel: Kernel("W", Matrix<Double>(rows: 10, columns: 5)),
      bias: Parameter("b", [1.0, 2, 3, 4, 5]))
    let decoder = Dense("decoder", kernel: encoder.kernel.transposed, bias: encoder.bias)
    let error = #expect(throws: ShapeMismatch.self) {
      try decoder.forward(encoder.forward(Matrix(rows: 2, columns: 10)))
    }
    #expect(error?.given == "a bias of length 5")
    #expect(error?.expected == "10, one for each output")
    #expect(error?.hint?.contains("A tied decoder needs a bias of its own") == true)
    #expect(error?.hint?.contains("fails as soon as it is not 5 -> 5") == true)
  }
}
