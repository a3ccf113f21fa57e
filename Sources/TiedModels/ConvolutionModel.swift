import GSLKit
import TiedLayers

extension Models {
  /// A convolutional autoencoder: convolutions, each over the image that the one before has made, and
  /// back through their transposes: decoder i uses encoder i's kernel, transposed.
  /// - Parameters:
  ///   - image: what the input's rows hold.
  ///   - channels: of what each convolution makes.
  ///   - size: of every window; stride and padding likewise.
  ///   - activation: of every layer but the last.
  ///   - outputActivation: of the last.
  /// - Throws: `ShapeMismatch` where a window does not fit.
  package static func convolutionalAutoencoder<S: Scalar>(
    image: ImageShape, channels: [Int], size: Extent, stride: Extent = Extent(1),
    padding: Extent = Extent(0), activation: ElementwiseFunction = .tanh,
    outputActivation: ElementwiseFunction = .sigmoid, random: RandomSource, as type: S.Type = S.self
  ) throws -> Chain<S> {
    precondition(!channels.isEmpty && channels.allSatisfy { $0 > 0 })
    func label(_ word: String, _ i: Int) -> String {
      channels.count == 1 ? word : "\(word)\(i + 1)"
    }
    let windows = try windows(
      over: image, channels: channels, size: size, stride: stride, padding: padding)
    let encoders = windows.enumerated().map { i, window in
      Convolution<S>(
        label("encoder", i),
        kernel: Kernel(label("W", i), glorot(window.patchCount, channels[i], random)),
        bias: bias(label("b", i), channels[i], random), window: window, activation: activation)
    }
    let decoders = encoders.indices.reversed().map { i in
      let window = encoders[i].window
      return TransposedConvolution(
        label("decoder", i),
        kernel: encoders[i].kernel.transposed,
        bias: bias(label("c", i), window.image.channels, random), window: window,
        activation: i == 0 ? outputActivation : activation)
    }
    return Chain(encoders + decoders)
  }

  /// Windows that slide one after the other, each over what the one before has made.
  fileprivate static func windows(
    over image: ImageShape, channels: [Int], size: Extent, stride: Extent, padding: Extent
  ) throws -> [SlidingWindow] {
    var image = image
    return try channels.map { channels in
      let window = try SlidingWindow(over: image, size: size, stride: stride, padding: padding)
      image = window.output(channels: channels)
      return window
    }
  }
}

/// The convolutional autoencoder, each decoder the transpose of its encoder's convolution.
struct ConvolutionModel: Model {
  var name: String { "convolution" }
  var summary: String {
    "an autoencoder of convolutions, each decoder the transposed convolution on the same kernel"
  }
  var usual: ModelChoices { ModelChoices(features: 64, hidden: [8]) }
  var options: Set<ModelOption> { Set(ModelOption.allCases).subtracting([.biasShared]) }
  var refusal: ChoiceSentence {
    """
    A convolution's bias has one element for each of its output channels, and its transpose needs one \
    for each input channel.
    """
  }
  var settings: [ModelSetting] {
    [
      ModelSetting("height", "rows of pixels in an image; 1 for a signal", whole: 8, in: 1...4096),
      ModelSetting("window", "pixels of the window each way", whole: 3, in: 1...64),
      ModelSetting("stride", "pixels from one position to the next", whole: 2, in: 1...64),
      ModelSetting("padding", "zeros put on each side", whole: 1, in: 0...64),
    ]
  }
  /// One with a square kernel, and two layers over a signal.
  var smallSizes: [ModelChoices] {
    [
      ModelChoices(
        features: 12, hidden: [4], batch: 5, outputActivation: .identity,
        settings: ["height": 3, "window": 2, "stride": 1, "padding": 0]),
      // Five weights: of three, a scale that was invented could not be told from any other error.
      ModelChoices(
        features: 9, hidden: [1, 2], batch: 5, outputActivation: .identity,
        settings: ["height": 1, "window": 5, "padding": 2]),
    ]
  }

  private func image(_ choices: ModelChoices) -> ImageShape {
    let height = choices.whole("height", of: self)
    return ImageShape(height: height, width: choices.features / height)
  }

  /// The window's size, stride and padding; along a signal only.
  private func extents(
    _ choices: ModelChoices
  ) -> (size: Extent, stride: Extent, padding: Extent) {
    let isSignal = choices.whole("height", of: self) == 1
    func extent(_ name: String, across: Int) -> Extent {
      let along = choices.whole(name, of: self)
      return Extent(height: isSignal ? across : along, width: along)
    }
    return (extent("window", across: 1), extent("stride", across: 1), extent("padding", across: 0))
  }

  private func windows(_ choices: ModelChoices) throws -> [SlidingWindow] {
    let (size, stride, padding) = extents(choices)
    return try Models.windows(
      over: image(choices), channels: choices.hidden, size: size, stride: stride, padding: padding)
  }

  func check(_ choices: ModelChoices, data: String) throws {
    let height = choices.whole("height", of: self)
    guard choices.features % height == 0 else {
      throw ModelChoiceError(
        """
        \(data) has \(choices.features) columns, which are no image of \(height) rows. Use \
        \(.setting("height=1")) for a signal, or a height that divides \(choices.features).
        """)
    }
    do {
      _ = try windows(choices)
    } catch let error as ShapeMismatch {
      throw ModelChoiceError(
        """
        \(error) Choose other numbers with \(.setting("window=n,stride=n,padding=n")), or fewer layers \
        with \(.option(.hidden)).
        """)
    }
  }

  /// Such as "tied convolutional autoencoder 8x8x1 - 4x4x8 - 8x8x1".
  func title(_ choices: ModelChoices) -> String {
    let windows = (try? windows(choices)) ?? []
    let there = [image(choices)] + zip(windows, choices.hidden).map { $0.output(channels: $1) }
    let shapes = (there + there.dropLast().reversed()).map { shape in
      shape.shape.map(String.init).joined(separator: "x")
    }
    return "\(choices.isUntied ? "untied" : "tied") convolutional autoencoder "
      + shapes.joined(separator: " - ")
  }

  func kernels(_ choices: ModelChoices) -> [KernelShape] {
    let windows = (try? windows(choices)) ?? []
    return zip(windows, choices.hidden).map { window, channels in
      KernelShape(
        window.patchCount, channels, uses: 2, positions: window.positions.count)
    }
  }

  func ties(_ choices: ModelChoices) -> [[String]] {
    choices.hidden.indices.map { i in
      ["encoder", "decoder"].map { choices.hidden.count == 1 ? $0 : "\($0)\(i + 1)" }
    }
  }

  func chain<S: Scalar>(_ choices: ModelChoices, random: RandomSource) throws -> Chain<S> {
    let (size, stride, padding) = extents(choices)
    return try Models.convolutionalAutoencoder(
      image: image(choices), channels: choices.hidden, size: size, stride: stride, padding: padding,
      activation: choices.activation, outputActivation: choices.outputActivation, random: random)
  }
}
