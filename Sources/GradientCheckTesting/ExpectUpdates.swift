import CheckReport
import GradientCheck
import TiedLayers

/// Expects an optimizer to move every parameter of an objective as an independent reference does: by a
/// step through either layer that shares a kernel alone, by a full step, and over several steps, state
/// included. The reference holds each parameter once, however many layers use it.
///
///     expectUpdates(
///       of: objective, with: { Adam(learningRate: 0.01) }, matching: .adam(learningRate: 0.01))
///
/// - Parameters:
///   - objective: a network with a batch, or anything else that has a loss and claims a gradient.
///   - makeOptimizer: makes a fresh optimizer. It is called several times.
///   - reference: what it must equal.
///   - steps: how many steps are compared.
///   - name: what messages and reports call the check; the test's name if there is none.
/// - Returns: everything that was found; nil where something threw, which is a failure too.
@discardableResult
public func expectUpdates(
  of objective: @autoclosure () throws -> any Objective,
  with makeOptimizer: @escaping @Sendable () -> any Optimizer,
  matching reference: UpdateReference, steps: Int = 5, named name: String? = nil,
  options: CheckOptions? = nil, allowing allowed: Set<Allowance> = [],
  fileID: StaticString = #fileID, filePath: StaticString = #filePath, line: UInt = #line,
  column: UInt = #column, function: StaticString = #function
) -> CaseResult? {
  let site = CallSite(fileID, filePath, line, column, function)
  return expectation(name, options, allowed, site, objective) { name, model, objective in
    updateCase(
      name, model, objective, UpdateSubject(reference, makeOptimizer: makeOptimizer), steps)
  }
}

/// Expects a whole way of training, which is given what each layer contributes and does with it what it
/// likes, to equal an independent reference: see the other form.
///
///     expectUpdates(of: objective, training: { MyTrainer() }, matching: .adam(learningRate: 0.01))
@discardableResult
public func expectUpdates(
  of objective: @autoclosure () throws -> any Objective,
  training makeTrainer: @escaping @Sendable () -> any Trainer,
  matching reference: UpdateReference, frozen: Frozen = Frozen(), steps: Int = 5,
  named name: String? = nil, options: CheckOptions? = nil, allowing allowed: Set<Allowance> = [],
  fileID: StaticString = #fileID, filePath: StaticString = #filePath, line: UInt = #line,
  column: UInt = #column, function: StaticString = #function
) -> CaseResult? {
  let site = CallSite(fileID, filePath, line, column, function)
  return expectation(name, options, allowed, site, objective) { name, model, objective in
    updateCase(
      name, model, objective,
      UpdateSubject(reference, frozen: frozen, makeTrainer: makeTrainer), steps)
  }
}

private func updateCase(
  _ name: String, _ model: String, _ objective: any Objective, _ subject: UpdateSubject,
  _ steps: Int
) -> CheckCase {
  CheckCase(name: name, model: model, subjects: [subject], steps: steps, scope: .updates) {
    described(objective)
  }
}
