import Foundation
import GSLKit
import GradientCheck
import TiedLayers

/// A model in another process: an objective like any other, which asks a program over a pipe.
///
/// The program is asked at points that are told as differences from the point it described itself at; it
/// keeps nothing from one question to the next. See Protocol.md.
package final class PipeObjective: Objective {
  /// What the program can be asked.
  package enum Capability: String, Sendable, CaseIterable {
    /// The gradient it claims.
    case gradient
    /// Losses with a change that one use alone sees.
    case use
    /// What each use contributes to the gradient it claims.
    case gradientByUse = "gradient_by_use"
    /// Steps of its optimizers.
    case steps
  }

  /// Parameters after each step of an optimizer.
  package struct Steps {
    /// By step, then by parameter.
    package let parameters: [[[Double]]]
    /// For how many parameters the optimizer keeps state, if the program says so.
    package let states: Int?
  }

  /// The model's name, if it has one.
  package let name: String?
  package let capabilities: Set<Capability>
  package let pipeParameters: [PipeParameter]
  /// Sets of layers that the program says are meant to share a parameter.
  package let ties: [[String]]
  let description: PipeDescription
  private let connection: PipeConnection
  /// Seconds that a point took, when several were asked, or one that took long.
  private var secondsPerPoint: Double?

  /// Asks a program to describe itself.
  /// - Throws: `ChildProcessError`, `PipeError`.
  package init(_ process: any LineExchange) throws {
    connection = PipeConnection(process)
    let description = try connection.describe()
    do {
      pipeParameters = try description.validated()
    } catch let error as PipeError {
      throw connection.stop(error)
    }
    self.description = description
    name = description.name
    ties = description.ties ?? []
    capabilities = Set(description.can.compactMap(Capability.init))
  }

  /// Says goodbye to the program and leaves nothing of it running.
  package func close() { connection.close() }

  package var parameters: [any AnyParameter] { pipeParameters }

  // MARK: Losses

  package func value() throws -> Double { try losses([point])[0] }

  /// The losses at many points, in as many messages as keep each short.
  func losses(_ points: [PipePoint]) throws -> [Double] {
    var losses: [Double] = []
    losses.reserveCapacity(points.count)
    while losses.count < points.count {
      let next = Array(points[losses.count..<min(losses.count + messageSize, points.count)])
      let started = ProcessInfo.processInfo.systemUptime
      let answer = try connection.ask(.losses, numbers: next.count) { $0.points = next }
      guard let found = answer.losses, found.count == next.count else {
        throw malformed(
          "losses",
          "\"losses\" holds \(answer.losses?.count ?? 0) numbers; expected \(next.count), one for "
            + "each point")
      }
      let seconds = ProcessInfo.processInfo.systemUptime - started
      // One point alone is mostly the message, unless it is slow.
      if next.count > 1 || seconds > Self.secondsPerMessage {
        secondsPerPoint = max(seconds / Double(next.count), 1e-6)
      }
      losses += found
    }
    return losses
  }

  /// How many points go into a message: so that a slow program is not taken for a silent one, and a fast
  /// one does not wait for messages.
  private var messageSize: Int {
    guard let secondsPerPoint else { return 16 }
    return min(max(Int(Self.secondsPerMessage / secondsPerPoint), 1), 4096)
  }

  /// How long the work of one message should take.
  private static let secondsPerMessage = 0.1

  /// The present point.
  var point: PipePoint {
    let changes = pipeParameters.enumerated().compactMap { p, parameter in parameter.change(p) }
    return PipePoint(set: changes.isEmpty ? nil : changes, inUse: nil)
  }

  // MARK: Gradients and steps

  /// nil for every parameter where the program claims no gradient.
  package func gradients() throws -> [[Double]?] {
    guard capabilities.contains(.gradient) else { return pipeParameters.map { _ in nil } }
    return try askGradient(byUse: false).gradient ?? []
  }

  func askGradient(byUse: Bool) throws -> PipeAnswer {
    let numbers = pipeParameters.reduce(0) { $0 + $1.count }
    let uses = (description.uses ?? []).reduce(0) { $0 + pipeParameters[$1.parameter].count }
    let answer = try connection.ask(.gradient, numbers: numbers + (byUse ? uses : 0)) {
      $0.point = point
      if byUse { $0.byUse = true }
    }
    guard let gradient = answer.gradient, gradient.count == pipeParameters.count else {
      throw malformed(
        "gradient",
        "\"gradient\" holds \(answer.gradient?.count ?? 0) lists; expected "
          + "\(pipeParameters.count), one for each parameter")
    }
    return answer
  }

  /// Steps of one of the program's own optimizers from the present point, with its own gradients and a
  /// fresh state.
  /// - Throws: `PipeError.unable` where it has none.
  package func steps(_ count: Int, optimizer: String) throws -> Steps {
    guard capabilities.contains(.steps) else { throw PipeError.unable(Capability.steps.rawValue) }
    let numbers = pipeParameters.reduce(0) { $0 + $1.count }
    let answer = try connection.ask(.steps, numbers: count * numbers) {
      $0.point = point
      $0.optimizer = optimizer
      $0.steps = count
    }
    let expected = pipeParameters.map(\.count)
    guard let found = answer.parameters, found.count == count,
      found.allSatisfy({ $0.map(\.count) == expected })
    else {
      throw malformed(
        "steps",
        "expected \"parameters\" to hold, for each of \(count) steps, "
          + "\(expected.map(String.init).joined(separator: ", ")) numbers")
    }
    return Steps(parameters: found, states: answer.states)
  }

  /// Ends the program for an answer that makes no sense.
  func malformed(_ question: String, _ what: String) -> PipeError {
    connection.stop(PipeError.malformed(question, what))
  }
}

extension PipeDescription {
  /// The parameters, if everything in the description fits together.
  /// - Throws: `PipeError`.
  func validated() throws -> [PipeParameter] {
    func wrong(_ what: String) -> PipeError { .malformed("describe", what) }
    guard !parameters.isEmpty else { throw wrong("there are no parameters") }
    try requirePrintableWords()
    try (optimizers ?? []).forEach { try $0.requireRates() }
    func isFloat(_ text: String?) throws -> Bool {
      switch text ?? precision ?? "double" {
      case "double": return false
      case "float": return true
      case let other:
        throw wrong("the precision is \"\(other)\"; expected \"double\" or \"float\"")
      }
    }
    var names: Set<String> = []
    let validated = try parameters.map { parameter in
      let name = parameter.name
      guard !name.isEmpty, names.insert(name).inserted else {
        throw wrong("a parameter's name is \"\(name)\"; expected each to have one of its own")
      }
      guard parameter.shape.allSatisfy({ $0 > 0 }) else {
        throw wrong("\(name) has the shape \(parameter.shape); expected numbers of at least 1")
      }
      let shape = parameter.shape.isEmpty ? [1] : parameter.shape
      let (count, overflow) = shape.reduce((1, false)) { product, n in
        let (next, overflow) = product.0.multipliedReportingOverflow(by: n)
        return (next, product.1 || overflow)
      }
      guard !overflow, parameter.values.count == count else {
        throw wrong(
          "\(name) has \(parameter.values.count) values; its shape \(shape) asks for "
            + (overflow ? "more than can be counted" : "\(count)"))
      }
      let isFloat = try isFloat(parameter.precision)
      guard parameter.values.allSatisfy({ isFloat ? Float($0).isFinite : $0.isFinite }) else {
        throw wrong("\(name) holds values that are not finite numbers")
      }
      return PipeParameter(name, shape: shape, isFloat: isFloat, values: parameter.values)
    }
    for use in uses ?? [] where !parameters.indices.contains(use.parameter) {
      throw wrong(
        "\(use.layer) uses parameter \(use.parameter), and they are numbered from 0 to "
          + "\(parameters.count - 1)")
    }
    for use in uses ?? [] where use.transposed == true {
      guard validated[use.parameter].shape.count == 2 else {
        throw wrong(
          "\(use.layer) uses \(validated[use.parameter].name) transposed, which has the shape "
            + "\(validated[use.parameter].shape)")
      }
    }
    if let batch, batch < 1 { throw wrong("the batch is \(batch); expected at least 1") }
    return validated
  }

  /// A program's words reach the terminal: what would move its cursor or turn a line around is refused.
  private func requirePrintableWords() throws {
    var words = [name, loss].compactMap { $0 } + parameters.map(\.name) + (ties ?? []).joined()
    for use in uses ?? [] { words += [use.layer, use.slot ?? ""] }
    for layer in layers ?? [] { words += [layer.name, layer.type ?? ""] }
    for optimizer in optimizers ?? [] {
      words += [optimizer.name, optimizer.rule] + (optimizer.frozen ?? [])
    }
    for word in words where plain(word, .max) != word {
      throw PipeError.malformed(
        "describe", "\"\(excerpt(word.utf8))\" holds characters that are no text")
    }
  }
}

extension PipeDescription.OptimizerDescription {
  /// Nonsense here would become a verdict on the training.
  fileprivate func requireRates() throws {
    func wrong(_ what: String) -> PipeError {
      .malformed("describe", "the optimizer \(name) \(what)")
    }
    let rates: [(name: String, rate: Double?)] = [
      ("learning_rate", learningRate), ("momentum", momentum), ("weight_decay", weightDecay),
      ("smoothing", smoothing), ("beta1", beta1), ("beta2", beta2), ("stabilizer", stabilizer),
    ]
    for (key, rate) in rates {
      guard let rate else { continue }
      guard rate.isFinite else { throw wrong("has the \(key) \(rate); expected a finite number") }
      // The means of Adam are divided by 1 - beta^t.
      if ["beta1", "beta2"].contains(key), !(0..<1 ~= rate) {
        throw wrong("has the \(key) \(rate); expected a number of at least 0 and below 1")
      }
    }
    if ["sgd", "rmsprop", "adam", "adamw"].contains(rule), learningRate == nil {
      throw wrong("has no \"learning_rate\"")
    }
    if let stabilizerPlace, UpdateReference.StabilizerPlace(rawValue: stabilizerPlace) == nil {
      throw wrong(
        "has the stabilizer_place \"\(stabilizerPlace)\"; expected root, inside or uncorrected")
    }
    if let precision, !["double", "float"].contains(precision) {
      throw wrong("has the precision \"\(precision)\"; expected double or float")
    }
  }
}
