import Foundation
import GradientCheck
import TiedLayers

/// Lets a Swift model answer a checker's questions over standard input and output.
///
///     try PipeServer(objective).run()
///
/// is a whole program for `tiecheck verify -- PROGRAM`.
public final class PipeServer {
  /// A way of training that the program offers.
  public struct Training {
    /// What the program calls it, and what a checker asks for.
    public let name: String
    /// Makes it with fresh state.
    public let makeTrainer: () -> any Trainer

    /// - Parameters:
    ///   - name: one of its own for each.
    ///   - makeTrainer: makes the trainer with fresh state.
    public init(_ name: String, makeTrainer: @escaping () -> any Trainer) {
      self.name = name
      self.makeTrainer = makeTrainer
    }

    /// An optimizer that steps once a batch.
    /// - Parameters:
    ///   - name: one of its own for each.
    ///   - makeOptimizer: makes the optimizer with fresh state.
    public init(_ name: String, makeOptimizer: @escaping () -> any Optimizer) {
      self.init(name) { OptimizerTrainer(makeOptimizer()) }
    }
  }

  private let objective: any Objective
  private let name: String?
  private let ties: [[String]]
  private let trainings: [Training]
  /// The point that the model is described at.
  private let start: [[Double]]
  /// The paths at that point, by use.
  private var described: [Int: PathFunction] = [:]

  /// - Parameters:
  ///   - objective: at the point to be checked.
  ///   - name: what reports call the model.
  ///   - ties: sets of layers that are meant to share a parameter.
  ///   - trainings: the ways of training that can be asked for steps.
  public init(
    _ objective: any Objective, name: String? = nil, ties: [[String]] = [],
    trainings: [Training] = []
  ) {
    self.objective = objective
    self.name = name
    self.ties = ties
    self.trainings = trainings
    start = objective.parameters.map(\.flat)
  }

  /// Answers until there are no more questions. What the model prints meanwhile goes to standard error:
  /// standard output belongs to the protocol.
  /// - Throws: what writing an answer throws, such as a broken pipe.
  public func run() throws {
    let (input, output) = (dup(STDIN_FILENO), dup(STDOUT_FILENO))
    let nothing = open("/dev/null", O_RDONLY)
    dup2(nothing, STDIN_FILENO)
    close(nothing)
    dup2(STDERR_FILENO, STDOUT_FILENO)
    let answers = FileHandle(fileDescriptor: output, closeOnDealloc: true)
    var lines = LineReader(descriptor: input)
    while let line = lines.next() {
      guard let answer = try answer(line) else { return }
      try answers.write(contentsOf: answer + Data("\n".utf8))
    }
  }

  /// The answer to a line; nil after which there are no more.
  func answer(_ line: Data) throws -> Data? {
    let request: PipeRequest
    do {
      request = try PipeJSON.decode(PipeRequest.self, from: line)
    } catch {
      var answer = PipeAnswer(id: 0)
      answer.error = "this is not a question of \(PipeProtocol.version): \(excerpt(line))"
      return try PipeJSON.encode(answer)
    }
    defer { restore() }
    do {
      switch PipeRequest.Ask(rawValue: request.ask) {
      case .bye: return nil
      case .describe:
        return try PipeJSON.encode(Described(id: request.id, description: description()))
      case .losses, .gradient, .steps:
        return try PipeJSON.encode(answer(request))
      case nil: throw Refusal("there is no question \"\(request.ask)\"")
      }
    } catch {
      var answer = PipeAnswer(id: request.id)
      answer.error = "\(error)"
      return try PipeJSON.encode(answer)
    }
  }

  private struct Refusal: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  /// A description with the question's id.
  private struct Described: Encodable {
    let id: Int
    let description: PipeDescription

    enum CodingKeys: String, CodingKey { case id }

    func encode(to encoder: any Encoder) throws {
      try description.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(id, forKey: .id)
    }
  }

  private func restore() {
    for (parameter, values) in zip(objective.parameters, start) { parameter.flat = values }
  }

  // MARK: Answers

  private var paths: (any PathObjective)? { objective as? any PathObjective }

  private func description() throws -> PipeDescription {
    let isFloat = objective.parameters.map { $0.unitRoundoff > 1e-10 }
    var description = PipeDescription(
      protocol: PipeProtocol.version,
      parameters: zip(objective.parameters, isFloat).map { parameter, isFloat in
        .init(
          name: parameter.name, shape: parameter.shape, values: parameter.flat,
          precision: isFloat ? "float" : "double")
      }, can: ["gradient"])
    description.name = name
    description.ties = ties.isEmpty ? nil : ties
    if let paths {
      description.uses = paths.uses.map { use in
        .init(
          layer: use.layerName, parameter: use.parameter, transposed: use.isTransposed,
          slot: use.detail, lossTerm: use.isLossTerm ? true : nil)
      }
      if paths.measuresPaths { description.can.append("use") }
      if paths.claimsByUse { description.can.append("gradient_by_use") }
    }
    if let summarized = objective as? any SummarizedObjective {
      description.loss = summarized.lossName
      description.batch = summarized.batch
      description.layers = try summarized.summary().layers.map {
        .init(name: $0.name, type: $0.type, width: $0.outputShape.reduce(1, *))
      }
    }
    if !trainings.isEmpty {
      description.can.append("steps")
      description.optimizers = trainings.map { .init($0.name, $0.makeTrainer()) }
    }
    return description
  }

  private func answer(_ request: PipeRequest) throws -> PipeAnswer {
    var answer = PipeAnswer(id: request.id)
    switch request.ask {
    case "losses":
      answer.losses = try (request.points ?? []).map { point in
        defer { restore() }
        return try loss(at: point)
      }
    case "gradient":
      try move(to: request.point ?? PipePoint())
      answer.gradient = try objective.gradients()
      if request.byUse == true {
        guard let paths, paths.claimsByUse else {
          throw Refusal("no use claims anything by itself")
        }
        answer.byUse = try paths.gradientsByUse()
      }
    default:
      try move(to: request.point ?? PipePoint())
      guard let training = trainings.first(where: { $0.name == request.optimizer }) else {
        throw Refusal("there is no optimizer \"\(request.optimizer ?? "")\"")
      }
      let trainer = training.makeTrainer()
      answer.parameters = try (0..<max(request.steps ?? 1, 1)).map { _ in
        try trainer.step(objective.parameters, contributions: contributions())
        return objective.parameters.map(\.flat)
      }
      answer.states = trainer.stateSlots
    }
    return answer
  }

  private func contributions() throws -> [LayerContribution] {
    if let paths { return try UpdateCheck().contributions(paths) }
    return [LayerContribution(layer: "model", gradients: try objective.gradients())]
  }

  private func loss(at point: PipePoint) throws -> Double {
    try move(to: point)
    guard let alone = point.inUse else { return try objective.value() }
    guard let paths, paths.measuresPaths, paths.uses.indices.contains(alone.use) else {
      throw Refusal("there is no use \(alone.use) that could be changed alone")
    }
    let use = paths.uses[alone.use]
    guard alone.set.allSatisfy({ $0.parameter == use.parameter }) else {
      throw Refusal("\(use.name) does not use every parameter that is changed for it")
    }
    let parameter = objective.parameters[use.parameter]
    let change: PathChange
    if alone.set.count == 1, let at = alone.set[0].at, at.count == 1, alone.set[0].to.count == 1,
      (0..<parameter.count).contains(at[0])
    {
      change = .entry(at[0], to: alone.set[0].to[0])
    } else {
      let here = parameter.flat
      for change in alone.set { try apply(change) }
      change = .values(parameter.flat)
      parameter.flat = here
    }
    // What comes before the use is computed once for the described point.
    if point.set == nil {
      if described[alone.use] == nil { described[alone.use] = try paths.pathFunction(use) }
      return try described[alone.use]!(change)
    }
    return try paths.pathFunction(use)(change)
  }

  private func move(to point: PipePoint) throws {
    for change in point.set ?? [] { try apply(change) }
  }

  private func apply(_ change: PipeChange) throws {
    guard objective.parameters.indices.contains(change.parameter) else {
      throw Refusal("there is no parameter \(change.parameter)")
    }
    let parameter = objective.parameters[change.parameter]
    guard let at = change.at else {
      guard change.to.count == parameter.count else {
        throw Refusal("\(parameter) was given \(change.to.count) values")
      }
      parameter.flat = change.to
      return
    }
    guard at.count == change.to.count, at.allSatisfy({ (0..<parameter.count).contains($0) }) else {
      throw Refusal("\(parameter) has no such places, or as many values were not given")
    }
    for (i, value) in zip(at, change.to) { parameter[i] = value }
  }
}

/// Lines of a descriptor, without their line feeds.
private struct LineReader {
  let descriptor: Int32
  private var buffer = Data()

  init(descriptor: Int32) { self.descriptor = descriptor }

  mutating func next() -> Data? {
    while true {
      if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Data(buffer[buffer.startIndex..<end])
        buffer = Data(buffer[(end + 1)...])
        return line
      }
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return nil }
      buffer.append(contentsOf: chunk[..<count])
    }
  }
}
