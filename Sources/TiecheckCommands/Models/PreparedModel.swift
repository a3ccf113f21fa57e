import FaultGallery
import Foundation
import GSLKit
import GradientCheck
import TiedLayers
import TiedModels

/// A model with its data, known to fit together, before anything is checked.
struct PreparedModel {
  /// What a report calls it.
  let name: String
  /// As `--model` takes it.
  let model: String
  private let fault: (any Fault)?
  private let expectedTies: [[String]]
  private let expectedBiases: [[String]]
  private let origin: ModelOrigin

  /// - Parameters:
  ///   - ties: the sets of layers that are meant to share a kernel.
  ///   - fault: the id of a fault that is to be put in.
  ///   - origin: what the model without the fault is made of.
  /// - Throws: `CommandError` where the fault cannot be put into this model.
  init(
    name: String, model: String, ties: [[String]], fault: String?,
    origin: ModelOrigin
  ) throws {
    self.fault = try fault.map { id in
      guard let fault = FaultCatalogue.fault(id) else {
        preconditionFailure("there is no fault \"\(id)\"")
      }
      guard !ties.isEmpty else {
        throw CommandError(
          .usage,
          "the fault \"\(id)\" needs two uses of one kernel, and this model has none. "
            + "Choose a tied model.")
      }
      return fault
    }
    self.name = name
    self.model = model
    expectedTies = ties
    expectedBiases = try origin.make(as: Double.self).network.chain.biasTies
    self.origin = origin
    _ = try summary()
  }

  /// Whether a fault of the gallery is in it.
  var isWrong: Bool { fault != nil }

  /// The model, made fresh, with its fault if it is to have one.
  func makeObjective(
    _ precision: Precision = .double, witness: WitnessPrecision = .own
  ) throws -> any SummarizedObjective {
    switch (precision, witness) {
    case (.double, _): try makeObjective(as: Double.self)
    case (.float, .own): try makeObjective(as: Float.self)
    case (.float, .double):
      try WitnessedObjective(
        accused: makeObjective(as: Float.self), witness: makeObjective(as: Double.self))
    }
  }

  /// The model without its fault, made fresh.
  func makeRight() throws -> ChainObjective<Double> { try origin.make(as: Double.self) }

  func makeObjective<S: Scalar>(as type: S.Type) throws -> ChainObjective<S> {
    let objective = try origin.make(as: type)
    return try FaultInjection(fault).wrong(objective)
  }

  func summary() throws -> ModelSummary { try makeObjective().summary() }

  /// The model and its batch as `--model-file` takes them.
  /// - Throws: `CommandError` for what a file cannot hold.
  func file() throws -> Data {
    let objective = try makeObjective(as: Double.self)
    do {
      return try ModelFile(
        network: objective.network, input: objective.input, target: objective.target
      ).json() + Data("\n".utf8)
    } catch let error as ModelFileError {
      throw CommandError(.usage, "the model cannot be saved: \(error)")
    }
  }

  /// The case to check.
  /// - Parameter expected: what it is expected to end in.
  func checkCase(_ settings: CheckSettings, expected: Verdict = .pass) -> CheckCase {
    let injection = FaultInjection(fault)
    var checkCase = CheckCase(
      name: name, model: model, expectedTies: expectedTies, expectedBiases: expectedBiases,
      expected: expected, handling: injection.wrongHandling,
      subjects: injection.wrongSubjects(settings.subjects), steps: settings.steps,
      checksSymmetry: settings.checksSymmetry,
      makeDouble: { try makeObjective(as: Double.self) }
    ) {
      try makeObjective(settings.precision, witness: settings.witness)
    }
    checkCase.mistakes += FaultCatalogue.mistakes
    return checkCase
  }
}

extension PreparedModel {
  /// The network and the batch that a file holds. Layers that name the same kernel are meant to
  /// share it.
  /// - Parameter path: as given on the command line; "-" is standard input.
  init(modelFile path: String, fault: String?, for purpose: MemoryEstimate.Purpose) throws {
    let data = try InputFile.read(path, as: "the model file")
    let file: ModelFile<Double>
    do {
      file = try ModelFile(json: data)
    } catch let error as ModelFileError {
      throw CommandError(.badInput, "the model file \(InputFile.label(path)): \(error)")
    }
    let chain = file.network.chain
    let slots = chain.layers.flatMap { $0.slots }
    try MemoryEstimate(
      kernels: chain.parameters.filter { $0.shape.count == 2 }.map { kernel in
        KernelShape(
          kernel.shape[0], kernel.shape[1], uses: slots.count { $0.parameter === kernel })
      },
      batch: file.input.rows, besides: try Self.numbersBesides(chain, input: file.input)
    ).require(for: purpose)
    let stem = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    try self.init(
      name: (path == "-" ? "model from standard input" : stem) + Self.suffix(fault: fault),
      model: "model-file", ties: chain.kernelTies, fault: fault,
      origin: .file(data))
  }

  /// What the layers of a file make of one sample: a kernel's shape does not say at how many places it is used.
  private static func numbersBesides(
    _ chain: Chain<Double>, input: Matrix<Double>
  ) throws -> Double {
    zip(chain.layers, try chain.inputs(input)).reduce(0) { sum, next in
      sum + ((next.0 as? any SavedLayer<Double>)?.numbers(inputWidth: next.1.columns) ?? 0)
    }
  }

  /// What a fault adds to a name.
  static func suffix(fault: String?) -> String { fault.map { " with \($0)" } ?? "" }
}

/// What a right model with its batch is made of, in any precision: fresh at every call, so that each caller
/// gets parameters of its own, and always with the same values.
enum ModelOrigin {
  case request(any Model, ModelChoices, seed: UInt64, input: Matrix<Double>, target: Matrix<Double>)
  /// A model file's JSON.
  case file(Data)

  func make<S: Scalar>(as type: S.Type) throws -> ChainObjective<S> {
    switch self {
    case .request(let model, let choices, let seed, let input, let target):
      let random = RandomStream.parameters.source(seed: seed)
      return ChainObjective(
        try model.network(choices, random: random), input: input.converted(to: type),
        target: target.converted(to: type))
    case .file(let json):
      let file = try ModelFile<S>(json: json)
      return ChainObjective(file.network, input: file.input, target: file.target)
    }
  }
}
