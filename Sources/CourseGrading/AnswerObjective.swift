import GSLKit
import GradientCheck
import TiedLayers

/// A student's claims against a teacher's losses: what the judge checks.
///
/// The student's process has no say in what its gradient is measured against, nor at which point: it is
/// asked for its gradient where the teacher's parameters are, and for nothing else.
final class AnswerObjective: SummarizedObjective, BatchedPathObjective {
  private let accused: any PathObjective
  private let witness: any SummarizedObjective & BatchedPathObjective

  init(accused: any PathObjective, witness: any SummarizedObjective & BatchedPathObjective) {
    self.accused = accused
    self.witness = witness
  }

  // MARK: The student's

  func gradients() throws -> [[Double]?] { try asked { try accused.gradients() } }
  var claimsByUse: Bool { accused.claimsByUse }

  /// The judge compares with the teacher's list of uses, because the student's list can be wrong.
  func gradientsByUse() throws -> [[Double]?] {
    try asked {
      let (own, other) = (accused.uses.map(\.parameter), witness.uses.map(\.parameter))
      guard own == other else {
        throw ShapeMismatch(
          operation: "uses of parameters", given: "\(own.prefix(20))", expected: "\(other)")
      }
      return try accused.gradientsByUse()
    }
  }

  private func asked<T>(_ question: () throws -> T) throws -> T {
    for (own, other) in zip(accused.parameters, witness.parameters) { own.flat = other.flat }
    do {
      return try question()
    } catch {
      throw AccusedError(error)
    }
  }

  // MARK: The teacher's

  var parameters: [any AnyParameter] { witness.parameters }
  func value() throws -> Double { try witness.value() }
  func values(changing parameter: Int, _ points: [(entry: Int, point: Double)]) throws -> [Double] {
    try witness.values(changing: parameter, points)
  }
  func values(changing use: Use, _ points: [(entry: Int, point: Double)]) throws -> [Double] {
    try witness.values(changing: use, points)
  }
  var uses: [Use] { witness.uses }
  var layerNames: [String] { witness.layerNames }
  var measuresPaths: Bool { witness.measuresPaths }
  func pathFunction(_ use: Use) throws -> PathFunction { try witness.pathFunction(use) }
  var lossName: String { witness.lossName }
  var batch: Int { witness.batch }
  var hasEqualSamples: Bool { witness.hasEqualSamples }
  func summary() throws -> ModelSummary { try witness.summary() }
}

/// What went wrong in the student's process, and not on the judge's side.
struct AccusedError: Error {
  let cause: any Error
  init(_ cause: any Error) { self.cause = cause }
}
