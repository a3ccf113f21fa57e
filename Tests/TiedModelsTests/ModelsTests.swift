import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport
import TiedModels

@Suite("Models")
struct ModelsTests {
  @Test("the original pair: two linear 5 -> 5 layers on one kernel, the second transposed")
  func originalPair() throws {
    for biasShared in [true, false] {
      let chain = try Models.originalPair(
        biasShared: biasShared, random: RandomSource(seed: 1), as: Double.self)
      #expect(chain.layers.map(\.name) == ["dense", "transposed_dense"])
      #expect(chain.layers.map(\.kind) == ["Dense", "Dense"])
      let kernels = chain.layers.map { $0.kernels[0] }
      #expect(kernels[0].parameter === kernels[1].parameter)
      #expect(kernels.map(\.isTransposed) == [false, true])
      #expect(kernels[0].parameter.shape == [5, 5])
      #expect((chain.layers[0].biases[0] === chain.layers[1].biases[0]) == biasShared)
      #expect(
        names(chain.parameters)
          == ["kernel", "bias"] + (biasShared ? [] : ["transposed_bias"]))
      #expect(try chain.forward(Matrix(rows: 3, columns: 5)).shape == [3, 5])
    }
  }

  @Test("a tied autoencoder of several layers mirrors them, each decoder on its encoder's kernel")
  func deepAutoencoder() throws {
    let chain = try Models.autoencoder(
      features: 8, hidden: [5, 3], tied: true, random: RandomSource(seed: 2), as: Double.self)
    #expect(chain.layers.map(\.name) == ["encoder1", "encoder2", "decoder2", "decoder1"])
    #expect(
      chain.layers.map(\.kind)
        == ["Dense (tanh)", "Dense (tanh)", "Dense (tanh)", "Dense (sigmoid)"])
    let kernels = chain.layers.map { $0.kernels[0] }
    #expect(kernels[0].parameter === kernels[3].parameter)
    #expect(kernels[1].parameter === kernels[2].parameter)
    #expect(kernels.map(\.isTransposed) == [false, false, true, true])
    #expect(names(chain.parameters) == ["W1", "b1", "W2", "b2", "c2", "c1"])
    #expect(try chain.forward(Matrix(rows: 2, columns: 8)).shape == [2, 8])
  }

  @Test("an untied autoencoder has kernels of its own in every layer")
  func untiedAutoencoder() throws {
    let chain = try Models.autoencoder(
      features: 6, hidden: [4], tied: false, activation: .relu, outputActivation: .identity,
      random: RandomSource(seed: 3), as: Float.self)
    #expect(chain.layers.map(\.name) == ["encoder", "decoder"])
    #expect(chain.layers.map(\.kind) == ["Dense (relu)", "Dense"])
    #expect(names(chain.parameters) == ["W", "b", "V", "c"])
    #expect(chain.parameters.map(\.shape) == [[6, 4], [4], [4, 6], [6]])
    #expect(try chain.forward(Matrix(rows: 2, columns: 6)).shape == [2, 6])
  }

  @Test("a convolutional autoencoder goes back through the transposes of its convolutions")
  func convolutionalAutoencoder() throws {
    let chain = try Models.convolutionalAutoencoder(
      image: ImageShape(height: 8, width: 8), channels: [4, 6], size: Extent(3),
      stride: Extent(2), padding: Extent(1), random: RandomSource(seed: 5), as: Double.self)
    #expect(chain.layers.map(\.name) == ["encoder1", "encoder2", "decoder2", "decoder1"])
    #expect(
      chain.layers.last?.kind == "Transposed convolution 3 x 3, stride 2, padding 1 (sigmoid)")
    #expect(names(chain.parameters) == ["W1", "b1", "W2", "b2", "c2", "c1"])
    #expect(chain.parameters.map(\.shape) == [[9, 4], [4], [36, 6], [6], [4], [1]])
    let widths = try chain.inputs(Matrix(rows: 2, columns: 64)).map(\.columns)
    #expect(widths == [64, 4 * 4 * 4, 2 * 2 * 6, 4 * 4 * 4])
    #expect(try chain.forward(Matrix(rows: 2, columns: 64)).shape == [2, 64])
    #expect(throws: ShapeMismatch.self) {
      try Models.convolutionalAutoencoder(
        image: ImageShape(length: 4), channels: [2], size: Extent(3),
        random: RandomSource(seed: 5), as: Double.self)
    }
  }

  @Test("a shared bias fits where a decoder has its encoder's outputs, and is refused elsewhere")
  func sharedBias() throws {
    func chain(_ hidden: Int) throws -> Chain<Double> {
      try Models.autoencoder(
        features: 6, hidden: [hidden], tied: true, biasShared: true, random: RandomSource(seed: 4))
    }
    #expect(names(try chain(6).parameters) == ["W", "b"])
    #expect(try chain(6).forward(Matrix(rows: 2, columns: 6)).shape == [2, 6])
    #expect(throws: ShapeMismatch.self) { try chain(4).forward(Matrix(rows: 2, columns: 6)) }
  }

  @Test("the same seed makes the same numbers, in Parameters of their own at each call")
  func seeds() throws {
    func chain(_ seed: UInt64) throws -> Chain<Double> {
      try Models.autoencoder(features: 6, hidden: [4], tied: true, random: RandomSource(seed: seed))
    }
    let (a, b, other) = (try chain(5), try chain(5), try chain(6))
    #expect(a.parameters.map(\.flat) == b.parameters.map(\.flat))
    #expect(a.parameters[0] !== b.parameters[0])
    #expect(a.parameters[0].flat != other.parameters[0].flat)
  }

  @Test("kernels lie within Glorot's limit and use it; no bias is zero")
  func initialValues() throws {
    let chain = try Models.autoencoder(
      features: 30, hidden: [20], tied: true, random: RandomSource(seed: 7), as: Double.self)
    let limit = (6.0 / 50).squareRoot()
    let kernel = chain.parameters[0].flat
    #expect(kernel.allSatisfy { abs($0) <= limit })
    // Uniform in +-limit has the deviation limit / sqrt(3).
    #expect(abs(rootMeanSquare(kernel) - limit / 3.0.squareRoot()) < 0.1 * limit)
    for bias in chain.parameters.dropFirst() {
      #expect(bias.flat.allSatisfy { $0 != 0 && abs($0) <= 0.1 })
    }
  }
}
