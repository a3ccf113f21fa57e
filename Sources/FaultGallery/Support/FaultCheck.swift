import GSLKit
import GradientCheck
import TiedLayers

/// The check of one fault: a model with it and the same model without it, both checked in full.
package struct FaultCheck: Sendable {
  package let fault: any Fault
  /// The case without the fault, and the one with it.
  package let right: CaseResult
  package let wrong: CaseResult

  /// - Parameters:
  ///   - subjects: the ways to train that are checked.
  ///   - makeRight: makes the model without the fault, always the same.
  /// - Throws: `FaultNotApplicable`.
  package init(
    _ fault: any Fault, options: CheckOptions = CheckOptions(),
    subjects: [UpdateSubject] = UpdateSubject.standard, steps: Int = 3,
    makeRight: @escaping () throws -> ChainObjective<Double>
  ) throws {
    self.fault = fault
    wrong = try Self.checkCase(
      [fault], name: fault.id, subjects: subjects, steps: steps, makeRight: makeRight
    ).run(options)
    right = try Self.checkCase(
      [], needs: fault, name: "without \(fault.id)", subjects: subjects, steps: steps,
      makeRight: makeRight
    ).run(options)
  }

  /// The case with several faults, or with none.
  /// - Parameter needs: what a fault needs to be there is there, and the fault is not.
  package static func checkCase(
    _ faults: [any Fault], needs: (any Fault)? = nil, name: String,
    subjects: [UpdateSubject] = UpdateSubject.standard, steps: Int = 3,
    makeRight: @escaping () throws -> ChainObjective<Double>
  ) throws -> CheckCase {
    let chain = try makeRight().network.chain
    let injections = faults.map { FaultInjection($0) }
    let extra = (faults + (needs.map { [$0] } ?? [])).flatMap(\.subjects)
    var checkCase = CheckCase(
      name: name, model: "gallery", expectedTies: chain.kernelTies,
      expectedBiases: chain.biasTies, expected: faults.isEmpty ? .pass : .fail,
      handling: faults.reduce(.right) { $1.wrong($0) },
      subjects: (subjects + extra).map { subject in faults.reduce(subject) { $1.wrong($0) } },
      steps: steps
    ) {
      let right = try FaultInjection(needs).right(makeRight())
      return try injections.reduce(right) { try $1.wrong($0) }
    }
    checkCase.mistakes += FaultCatalogue.mistakes
    return checkCase
  }

  /// The verdict of the check that must convict the fault.
  package var verdict: Verdict { wrong.verdict(of: fault.convictor) }

  /// The ids of all diagnoses of the wrong twin, each once, in order.
  package var names: [String] {
    wrong.diagnoses.reduce(into: []) { if !$0.contains($1.id) { $0.append($1.id) } }
  }

  /// The wrong twin is convicted by the check that must, by its name and by no other.
  package var isConvicted: Bool { verdict == .fail && names == [fault.diagnosis] }

  /// And the right twin is acquitted.
  package var isSettled: Bool { right.verdict == .pass && isConvicted }
}

extension CaseResult {
  /// The verdict of one check.
  package func verdict(of convictor: Convictor) -> Verdict {
    switch convictor {
    case .gradient: gradient.verdict
    case .tie: tie.verdict
    case .updates: updates.verdict
    case .structure: structure?.verdict ?? .pass
    }
  }
}
