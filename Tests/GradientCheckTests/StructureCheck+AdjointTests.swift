import GSLKit
import Testing
import TiedLayers
import TiedModels

@testable import GradientCheck

struct AdjointTests {
  private static let windows: [(ImageShape, Extent, Extent, Extent)] = [
    (ImageShape(height: 5, width: 4), Extent(3), Extent(2), Extent(1)),
    (ImageShape(height: 4, width: 4, channels: 2), Extent(2), Extent(1), Extent(0)),
    (
      ImageShape(length: 7, channels: 3), Extent(height: 1, width: 4),
      Extent(height: 1, width: 3), Extent(height: 0, width: 2)
    ),
  ]

  /// A convolution and what is put in the place of its transpose.
  private func objective(
    _ seed: UInt64, _ kind: Int, activation: ElementwiseFunction = .tanh,
    decoder: (TransposedConvolution<Double>) -> any Layer<Double> = { $0 }
  ) throws -> ChainObjective<Double> {
    let random = RandomSource(seed: seed)
    let (image, size, stride, padding) = Self.windows[kind]
    var chain: Chain<Double> = try Models.convolutionalAutoencoder(
      image: image, channels: [3], size: size, stride: stride, padding: padding,
      activation: activation, outputActivation: .identity, random: random)
    chain.layers[1] = decoder(chain.layers[1] as! TransposedConvolution<Double>)
    let input: Matrix<Double> = random.matrix(rows: 3, columns: image.count, -1, 1)
    return ChainObjective(
      Network(chain, loss: .meanSquaredError), input: input, target: input)
  }

  private func questions(_ objective: ChainObjective<Double>) throws -> [StructureResult.Question] {
    let check = StructureCheck()
    let adjoint = try check.adjoint(objective)
    return [adjoint, try check.jacobianSymmetry(objective, id: adjoint?.id)].compactMap { $0 }
  }

  @Test func aConvolutionAndItsTransposeAreAdjointAndTheirJacobianSymmetric() throws {
    for seed in 1...100 as ClosedRange<UInt64> {
      let found = try questions(objective(seed, Int(seed % 3)))
      #expect(found.map(\.verdict) == [.pass, .pass], "seed \(seed): \(found)")
    }
  }

  @Test func anUnflippedKernelIsNamedByBoth() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let found = try questions(
        objective(seed, Int(seed % 3)) { Computing(claimed: $0, actual: turned($0)) })
      #expect(found.map(\.verdict) == [.fail, .fail], "seed \(seed)")
      #expect(found.map(\.id) == ["unflipped", "unflipped"], "seed \(seed)")
    }
  }

  @Test func anyOtherKernelHasNoName() throws {
    let found = try questions(
      objective(1, 0) { right in
        var actual = right
        actual.kernel = Kernel("V", right.kernel.parameter.values).transposed
        actual.kernel.parameter[4] += 1e-6
        return Computing(claimed: right, actual: actual)
      })
    #expect(found[0].verdict == .fail)
    #expect(found[0].id == nil)
    #expect(found[0].answer.hasPrefix("<encoder u, v> = "))
  }

  /// A layer that states nothing and has no activation: being affine is measured.
  @Test func aStudentsOwnLayersAreAskedToo() throws {
    func found(_ turned: Bool) throws -> StructureResult.Question {
      let objective = try objective(4, 1) { right in
        Bare(actual: turned ? self.turned(right) : right, kernel: right.kernel)
      }
      return try #require(try StructureCheck().adjoint(objective))
    }
    #expect(try found(false).verdict == .pass)
    #expect(try found(true).id == "unflipped", "the convolution's own form tells")
  }

  @Test func aFactorBeforeOneOfTheTwoIsSaid() throws {
    let found = try #require(
      try StructureCheck().adjoint(
        objective(5, 0) { right in
          var actual = right
          actual.kernel = Kernel("V", right.kernel.parameter.values).transposed
          actual.kernel.parameter.flat = right.kernel.parameter.flat.map { 0.7 * $0 }
          return Computing(claimed: right, actual: actual)
        }))
    #expect(found.verdict == .pass)
    #expect(found.answer == "1 of them, and they are; decoder up to the factor 0.7000")
  }

  @Test func layersThatAreNotAffineOrNotTiedAreNotAsked() throws {
    let bent = try objective(6, 0) { Bare(actual: $0, kernel: $0.kernel, bends: true) }
    #expect(try StructureCheck().adjoint(bent) == nil)
    let tied = try objective(7, 0)
    let untied = ChainObjective(
      Network(tied.network.chain.untied(), loss: .meanSquaredError), input: tied.input,
      target: tied.target)
    #expect(try questions(untied).isEmpty)
    // A corner would show as a difference.
    #expect(try questions(objective(8, 0, activation: .relu)).count == 1)
  }

  private func turned(_ right: TransposedConvolution<Double>) -> TransposedConvolution<Double> {
    let (pixels, channels) = (right.window.size.count, right.window.image.channels)
    var values = right.kernel.parameter.values
    for pixel in 0..<pixels {
      for c in 0..<channels {
        for f in 0..<values.columns {
          values[pixel * channels + c, f] =
            right.kernel.parameter.values[(pixels - 1 - pixel) * channels + c, f]
        }
      }
    }
    var twin = right
    twin.kernel = Kernel("turned", values).transposed
    return twin
  }
}

/// Claims one layer's parameters and formula, and computes with another's.
private struct Computing: ActivatedLayer {
  var claimed: TransposedConvolution<Double>
  var actual: TransposedConvolution<Double>

  var name: String { claimed.name }
  var activation: ElementwiseFunction { claimed.activation }
  var productForm: (any ProductForm)? { claimed.productForm }
  var kernels: [Kernel<Double>] {
    get { claimed.kernels }
    set { claimed.kernels = newValue }
  }
  var biases: [Parameter<Double>] {
    get { claimed.biases }
    set { claimed.biases = newValue }
  }
  func preactivation(_ input: Matrix<Double>) throws -> Matrix<Double> {
    try actual.preactivation(input)
  }
  func backward(
    preactivationCotangent: Matrix<Double>, at input: Matrix<Double>,
    into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    try actual.backward(
      preactivationCotangent: preactivationCotangent, at: input, into: &gradients)
  }
}

/// A layer as a student may write it: nothing but what the protocol asks for.
private struct Bare: Layer {
  let name = "decoder"
  var actual: TransposedConvolution<Double>
  var kernel: Kernel<Double>
  var bends = false
  var biases: [Parameter<Double>] = []

  var kernels: [Kernel<Double>] {
    get { [kernel] }
    set { kernel = newValue[0] }
  }

  init(actual: TransposedConvolution<Double>, kernel: Kernel<Double>, bends: Bool = false) {
    self.actual = actual
    self.kernel = kernel
    self.bends = bends
  }

  func forward(_ input: Matrix<Double>) throws -> Matrix<Double> {
    var output = try actual.forward(input)
    if bends { output.apply(.softplus) }
    return output
  }
  func backward(
    _ cotangent: Matrix<Double>, at input: Matrix<Double>, into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    try actual.backward(cotangent, at: input, into: &gradients)
  }
}
