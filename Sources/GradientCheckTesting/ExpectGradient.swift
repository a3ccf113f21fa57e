import CheckReport
import GradientCheck
import TiedLayers

/// Expects the gradient that an objective claims to be that of its loss, at its present point, in every
/// entry (above 20,000 of them along random directions): measured by finite differences with an error
/// bound, and no entry fails unless a second, independent witness agrees.
///
/// Fails once, at the caller's line, in Swift Testing and in XCTest. Inconclusive and vacuous fail too
/// unless they are allowed.
///
/// - Parameters:
///   - objective: a network with a batch, or anything else that has a loss and claims a gradient. If it
///     cannot be made, that is a failure too.
///   - name: what messages and reports call the check; the test's name if there is none.
///   - options: tolerance, seed and so on. A relative difference of 1e-6 is accepted, 1e-2 where
///     parameters are Float.
///   - allowed: what is let pass although it proves nothing.
/// - Returns: everything that was found; nil where the objective threw, which is a failure too.
@discardableResult
public func expectGradient(
  of objective: @autoclosure () throws -> any Objective, named name: String? = nil,
  options: CheckOptions? = nil,
  allowing allowed: Set<Allowance> = [], fileID: StaticString = #fileID,
  filePath: StaticString = #filePath, line: UInt = #line, column: UInt = #column,
  function: StaticString = #function
) -> CaseResult? {
  let site = CallSite(fileID, filePath, line, column, function)
  return expectation(name, options, allowed, site, objective) { name, model, objective in
    CheckCase(name: name, model: model, scope: .gradient) { described(objective) }
  }
}

/// An objective that says nothing of its layers is one layer.
func described(_ objective: any Objective) -> any SummarizedObjective {
  objective as? any SummarizedObjective ?? OpaqueObjective(objective)
}

/// A check of something that is yet to be made: what is thrown in making it is a failure like any other.
func expectation<O>(
  _ name: String?, _ options: CheckOptions?, _ allowed: Set<Allowance>, _ site: CallSite,
  _ make: () throws -> O, _ makeCase: (_ name: String, _ model: String, O) throws -> CheckCase
) -> CaseResult? {
  let made = Result { try make() }
  return Expectation(name, site, options, allowed, for: (try? made.get()) as? any Objective)
    .run { name, model in try makeCase(name, model, made.get()) }
}

private func expectGradient(
  _ name: String?, _ options: CheckOptions?, _ allowed: Set<Allowance>, _ batch: Int,
  _ site: CallSite, _ objective: () throws -> any Objective
) -> CaseResult? {
  expectation(name, options, allowed, site, objective) { name, model, objective in
    CheckCase(name: name, model: model, scope: .gradient) {
      OpaqueObjective(objective, batch: batch)
    }
  }
}

// MARK: Plain functions
//
// The forms for Float are disfavoured: a closure of literals alone, `{ x in 2 * x[0] }`, fits both
// precisions, and Double is meant.

/// Expects a plain function's gradient at a point to be what a function says.
///
///     expectGradient(of: { x in loss(x) }, at: [1, 2, 3], equals: { x in gradient(x) })
///
/// - Parameters:
///   - loss: a function of a list of numbers.
///   - x: the point.
///   - gradient: what is claimed to be its gradient, as long as `x`.
///   - batch: how many samples the loss is a mean over, where it is one: a sum in place of a mean is then
///     called by its name.
/// - Returns: everything that was found; nil where something threw, which is a failure too.
@discardableResult
public func expectGradient(
  of loss: @escaping ([Double]) throws -> Double, at x: [Double],
  equals gradient: @escaping ([Double]) throws -> [Double],
  batch: Int = 1, named name: String? = nil, options: CheckOptions? = nil,
  allowing allowed: Set<Allowance> = [], fileID: StaticString = #fileID,
  filePath: StaticString = #filePath, line: UInt = #line, column: UInt = #column,
  function: StaticString = #function
) -> CaseResult? {
  expectGradient(
    name, options, allowed, batch, CallSite(fileID, filePath, line, column, function)
  ) { PointObjective(at: x, loss: loss, gradient: gradient) }
}

/// Expects a plain function's gradient at a point to be a known one.
///
///     expectGradient(of: { x in loss(x) }, at: [1, 2, 3], equals: gradient)
///
/// - Parameters:
///   - loss: a function of a list of numbers.
///   - x: the point.
///   - gradient: what is claimed to be its gradient, as long as `x`.
///   - batch: how many samples the loss is a mean over, where it is one: a sum in place of a mean is then
///     called by its name.
/// - Returns: everything that was found; nil where something threw, which is a failure too.
@discardableResult
public func expectGradient(
  of loss: @escaping ([Double]) throws -> Double, at x: [Double], equals gradient: [Double],
  batch: Int = 1, named name: String? = nil, options: CheckOptions? = nil,
  allowing allowed: Set<Allowance> = [], fileID: StaticString = #fileID,
  filePath: StaticString = #filePath, line: UInt = #line, column: UInt = #column,
  function: StaticString = #function
) -> CaseResult? {
  expectGradient(
    name, options, allowed, batch, CallSite(fileID, filePath, line, column, function)
  ) { PointObjective(at: x, loss: loss, gradientThere: gradient) }
}

/// Expects a plain function's gradient at a point to be what a function says.
///
///     expectGradient(of: { x in loss(x) }, at: [[1, 2], [3, 4]], equals: { x in gradient(x) })
///
/// - Parameters:
///   - loss: a function of a matrix given as rows.
///   - x: the point.
///   - gradient: what is claimed to be its gradient, of the shape of `x`.
///   - batch: how many samples the loss is a mean over, where it is one: a sum in place of a mean is then
///     called by its name.
/// - Returns: everything that was found; nil where something threw, which is a failure too.
@discardableResult
public func expectGradient(
  of loss: @escaping ([[Double]]) throws -> Double, at x: [[Double]],
  equals gradient: @escaping ([[Double]]) throws -> [[Double]],
  batch: Int = 1, named name: String? = nil, options: CheckOptions? = nil,
  allowing allowed: Set<Allowance> = [], fileID: StaticString = #fileID,
  filePath: StaticString = #filePath, line: UInt = #line, column: UInt = #column,
  function: StaticString = #function
) -> CaseResult? {
  expectGradient(
    name, options, allowed, batch, CallSite(fileID, filePath, line, column, function)
  ) { try PointObjective(at: x, loss: loss, gradient: gradient) }
}

/// Expects a plain function's gradient at a point to be a known one.
///
///     expectGradient(of: { x in loss(x) }, at: [[1, 2], [3, 4]], equals: gradient)
///
/// - Parameters:
///   - loss: a function of a matrix given as rows.
///   - x: the point.
///   - gradient: what is claimed to be its gradient, of the shape of `x`.
///   - batch: how many samples the loss is a mean over, where it is one: a sum in place of a mean is then
///     called by its name.
/// - Returns: everything that was found; nil where something threw, which is a failure too.
@discardableResult
public func expectGradient(
  of loss: @escaping ([[Double]]) throws -> Double, at x: [[Double]], equals gradient: [[Double]],
  batch: Int = 1, named name: String? = nil, options: CheckOptions? = nil,
  allowing allowed: Set<Allowance> = [], fileID: StaticString = #fileID,
  filePath: StaticString = #filePath, line: UInt = #line, column: UInt = #column,
  function: StaticString = #function
) -> CaseResult? {
  expectGradient(
    name, options, allowed, batch, CallSite(fileID, filePath, line, column, function)
  ) { try PointObjective(at: x, loss: loss, gradientThere: gradient) }
}

/// Expects a plain function's gradient at a point to be what a function says, in single precision.
///
///     expectGradient(of: { x in loss(x) }, at: [1, 2, 3], equals: { x in gradient(x) })
///
/// - Parameters:
///   - loss: a function of a list of numbers.
///   - x: the point.
///   - gradient: what is claimed to be its gradient, as long as `x`.
///   - batch: how many samples the loss is a mean over, where it is one: a sum in place of a mean is then
///     called by its name.
/// - Returns: everything that was found; nil where something threw, which is a failure too.
@_disfavoredOverload
@discardableResult
public func expectGradient(
  of loss: @escaping ([Float]) throws -> Float, at x: [Float],
  equals gradient: @escaping ([Float]) throws -> [Float],
  batch: Int = 1, named name: String? = nil, options: CheckOptions? = nil,
  allowing allowed: Set<Allowance> = [], fileID: StaticString = #fileID,
  filePath: StaticString = #filePath, line: UInt = #line, column: UInt = #column,
  function: StaticString = #function
) -> CaseResult? {
  expectGradient(
    name, options, allowed, batch, CallSite(fileID, filePath, line, column, function)
  ) { PointObjective(at: x, loss: loss, gradient: gradient) }
}

/// Expects a plain function's gradient at a point to be a known one, in single precision.
///
///     expectGradient(of: { x in loss(x) }, at: [1, 2, 3], equals: gradient)
///
/// - Parameters:
///   - loss: a function of a list of numbers.
///   - x: the point.
///   - gradient: what is claimed to be its gradient, as long as `x`.
///   - batch: how many samples the loss is a mean over, where it is one: a sum in place of a mean is then
///     called by its name.
/// - Returns: everything that was found; nil where something threw, which is a failure too.
@_disfavoredOverload
@discardableResult
public func expectGradient(
  of loss: @escaping ([Float]) throws -> Float, at x: [Float], equals gradient: [Float],
  batch: Int = 1, named name: String? = nil, options: CheckOptions? = nil,
  allowing allowed: Set<Allowance> = [], fileID: StaticString = #fileID,
  filePath: StaticString = #filePath, line: UInt = #line, column: UInt = #column,
  function: StaticString = #function
) -> CaseResult? {
  expectGradient(
    name, options, allowed, batch, CallSite(fileID, filePath, line, column, function)
  ) { PointObjective(at: x, loss: loss, gradientThere: gradient) }
}

/// Expects a plain function's gradient at a point to be what a function says, in single precision.
///
///     expectGradient(of: { x in loss(x) }, at: [[1, 2], [3, 4]], equals: { x in gradient(x) })
///
/// - Parameters:
///   - loss: a function of a matrix given as rows.
///   - x: the point.
///   - gradient: what is claimed to be its gradient, of the shape of `x`.
///   - batch: how many samples the loss is a mean over, where it is one: a sum in place of a mean is then
///     called by its name.
/// - Returns: everything that was found; nil where something threw, which is a failure too.
@_disfavoredOverload
@discardableResult
public func expectGradient(
  of loss: @escaping ([[Float]]) throws -> Float, at x: [[Float]],
  equals gradient: @escaping ([[Float]]) throws -> [[Float]],
  batch: Int = 1, named name: String? = nil, options: CheckOptions? = nil,
  allowing allowed: Set<Allowance> = [], fileID: StaticString = #fileID,
  filePath: StaticString = #filePath, line: UInt = #line, column: UInt = #column,
  function: StaticString = #function
) -> CaseResult? {
  expectGradient(
    name, options, allowed, batch, CallSite(fileID, filePath, line, column, function)
  ) { try PointObjective(at: x, loss: loss, gradient: gradient) }
}

/// Expects a plain function's gradient at a point to be a known one, in single precision.
///
///     expectGradient(of: { x in loss(x) }, at: [[1, 2], [3, 4]], equals: gradient)
///
/// - Parameters:
///   - loss: a function of a matrix given as rows.
///   - x: the point.
///   - gradient: what is claimed to be its gradient, of the shape of `x`.
///   - batch: how many samples the loss is a mean over, where it is one: a sum in place of a mean is then
///     called by its name.
/// - Returns: everything that was found; nil where something threw, which is a failure too.
@_disfavoredOverload
@discardableResult
public func expectGradient(
  of loss: @escaping ([[Float]]) throws -> Float, at x: [[Float]], equals gradient: [[Float]],
  batch: Int = 1, named name: String? = nil, options: CheckOptions? = nil,
  allowing allowed: Set<Allowance> = [], fileID: StaticString = #fileID,
  filePath: StaticString = #filePath, line: UInt = #line, column: UInt = #column,
  function: StaticString = #function
) -> CaseResult? {
  expectGradient(
    name, options, allowed, batch, CallSite(fileID, filePath, line, column, function)
  ) { try PointObjective(at: x, loss: loss, gradientThere: gradient) }
}
