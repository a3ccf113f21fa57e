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
    /// Losses in Double, whatever the model's own precision.
    case double
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
  /// Every use whose claim is compared, the names of the layers, and the place of each use in the
  /// description. Made once: how many there are is the program's choice.
  package let uses: [Use]
  package let layerNames: [String]
  let describedPlaces: [Int]
  let description: PipeDescription
  let connection: PipeConnection
  let losses: PipeLosses
  /// What some uses do not see move.
  let still: StillUses
  /// The arithmetic of each parameter in the program. The checker's own values are Doubles where the loss
  /// is measured in Double.
  let ownPrecisions: [PipePrecision]
  /// Whether the loss is measured in Double although the model is not in Double.
  package let measuresInDouble: Bool
  /// Why the loss is not measured in Double; nil where it is, or where the model is in Double.
  package let missingDouble: String?

  /// Asks a program to describe itself.
  /// - Parameter witness: whose losses are measured.
  /// - Throws: `ChildProcessError`, `PipeError`.
  package init(_ process: any LineExchange, witness: PipeWitness = .auto) throws {
    connection = PipeConnection(process)
    let description = try connection.describe()
    let parameters: [PipeParameter]
    do {
      parameters = try description.validated()
    } catch let error as PipeError {
      throw connection.stop(error)
    }
    self.description = description
    name = description.name
    ties = description.ties ?? []
    capabilities = Set(description.can.compactMap(Capability.init))
    ownPrecisions = parameters.map(\.precision)
    let choice = try WitnessChoice(witness, description, parameters, connection)
    (losses, measuresInDouble, missingDouble) = (choice.losses, choice.isDouble, choice.missing)
    pipeParameters = choice.isDouble ? parameters.map(PipeParameter.init(inDouble:)) : parameters
    still = StillUses(description, pipeParameters)
    (layerNames, uses, describedPlaces) = description.namedUses()
  }

  /// Says goodbye to the program and leaves nothing of it running.
  package func close() { connection.close() }

  package var parameters: [any AnyParameter] { pipeParameters }

  package var gradientUnitRoundoff: Double {
    ownPrecisions.map(\.unitRoundoff).max() ?? Double.unitRoundoff
  }

  /// The relative difference that is accepted unless the user says otherwise: of what is measured in
  /// Double, what the claim's own rounding accounts for.
  package var defaultTolerance: Double {
    measuresInDouble && gradientUnitRoundoff <= Float.unitRoundoff
      ? 1e-4 : CheckOptions.defaultTolerance(unitRoundoff: gradientUnitRoundoff)
  }

  // MARK: Losses

  package func value() throws -> Double { try losses(at: [point])[0] }

  /// The losses at many points, as whoever holds still lets them be seen.
  func losses(at points: [PipePoint]) throws -> [Double] {
    try losses.losses(points.map { still.hold($0, pipeParameters) })
  }

  /// The present point.
  var point: PipePoint {
    let changes = pipeParameters.enumerated().compactMap { p, parameter in parameter.change(p) }
    return PipePoint(set: changes.isEmpty ? nil : changes)
  }

  /// The same in the numbers that the model itself can hold: where it claims and steps.
  private var ownPoint: PipePoint {
    guard measuresInDouble else { return point }
    var own = point
    for i in (own.set ?? []).indices {
      let precision = ownPrecisions[own.set![i].parameter]
      own.set![i].to = own.set![i].to.map(precision.rounded)
    }
    return own
  }

  // MARK: Gradients and steps

  /// What is compared with the measured derivatives: nil for every parameter where the program claims no
  /// gradient, and without what some uses claim that is deliberately not the derivative.
  package func gradients() throws -> [[Double]?] {
    still.remember(pipeParameters)
    let intended = description.intendedUses
    guard capabilities.contains(.gradient), !intended.isEmpty else {
      return try trainingGradients()
    }
    let answer = try askGradient(byUse: true)
    var gradients = claimed(answer)
    for place in intended {
      let p = description.uses![place].parameter
      guard let whole = gradients[p], let own = answer.byUse?[place] else { continue }
      gradients[p] = zip(whole, own).map { $0 - $1 }
    }
    return gradients
  }

  /// What the program trains by.
  package func trainingGradients() throws -> [[Double]?] {
    guard capabilities.contains(.gradient) else { return pipeParameters.map { _ in nil } }
    return claimed(try askGradient(byUse: false))
  }

  /// A parameter that the program knows to be unused claims zero.
  private func claimed(_ answer: PipeAnswer) -> [[Double]?] {
    zip(description.parameters, answer.gradient ?? []).map { parameter, claim in
      guard claim == nil, parameter.unused == true else { return claim }
      return [Double](repeating: 0, count: parameter.values.count)
    }
  }

  func askGradient(byUse: Bool) throws -> PipeAnswer {
    let numbers = pipeParameters.reduce(0) { $0 + $1.count }
    let uses = byUse ? description.uses ?? [] : []
    let answer = try connection.ask(
      .gradient, numbers: uses.reduce(numbers) { $0 + pipeParameters[$1.parameter].count }
    ) {
      $0.point = ownPoint
      if byUse { $0.byUse = true }
    }
    guard let gradient = answer.gradient, gradient.count == pipeParameters.count else {
      throw malformed(
        "gradient",
        "\"gradient\" holds \(answer.gradient?.count ?? 0) lists; expected "
          + "\(pipeParameters.count), one for each parameter")
    }
    for (parameter, claim) in zip(pipeParameters, gradient) {
      try requireLength(claim, parameter, "the gradient claimed for \(parameter.name)")
    }
    guard byUse else { return answer }
    guard let claims = answer.byUse, claims.count == uses.count else {
      throw malformed(
        "gradient",
        "\"by_use\" holds \(answer.byUse?.count ?? 0) lists; expected \(uses.count), one for each use"
      )
    }
    for (use, claim) in zip(uses, claims) {
      let parameter = pipeParameters[use.parameter]
      try requireLength(claim, parameter, "what \(use.layer) contributes to \(parameter.name)")
    }
    return answer
  }

  private func requireLength(_ claim: [Double]?, _ parameter: PipeParameter, _ what: String) throws
  {
    guard let claim, claim.count != parameter.count else { return }
    throw malformed(
      "gradient",
      "\(what) has \(claim.count) numbers; expected \(parameter.count), as many as the parameter "
        + "(its shape is \(parameter.shape))")
  }

  /// Steps of one of the program's own optimizers from the present point, with its own gradients and a
  /// fresh state.
  /// - Throws: `PipeError.unable` where it has none.
  package func steps(_ count: Int, optimizer: String) throws -> Steps {
    guard capabilities.contains(.steps) else { throw PipeError.unable(Capability.steps.rawValue) }
    let numbers = pipeParameters.reduce(0) { $0 + $1.count }
    let answer = try connection.ask(.steps, numbers: count * numbers) {
      $0.point = ownPoint
      $0.optimizer = optimizer
      $0.steps = count
    }
    guard let found = answer.parameters, found.count == count else {
      throw malformed(
        "steps",
        "\"parameters\" holds \(answer.parameters?.count ?? 0) steps of \(oneLine(optimizer, 100)); "
          + "expected \(count)")
    }
    for (step, values) in found.enumerated() {
      guard values.count == pipeParameters.count else {
        throw malformed(
          "steps",
          "step \(step + 1) holds \(values.count) lists; expected \(pipeParameters.count), one for "
            + "each parameter")
      }
      for (parameter, values) in zip(pipeParameters, values) where values.count != parameter.count {
        throw malformed(
          "steps",
          "step \(step + 1) gives \(parameter.name) \(values.count) numbers; expected "
            + "\(parameter.count)")
      }
    }
    if let states = answer.states, states < 0 {
      throw malformed("steps", "\"states\" is \(states); expected at least 0")
    }
    return Steps(parameters: found, states: answer.states)
  }

  /// Ends the program for an answer that makes no sense.
  func malformed(_ question: String, _ what: String) -> PipeError {
    connection.stop(PipeError.malformed(question, what))
  }
}
