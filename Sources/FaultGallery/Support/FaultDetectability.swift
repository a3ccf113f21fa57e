import GSLKit
import GradientCheck
import TiedLayers

/// "Would this check have noticed?": each fault of the gallery put in at the very point that was
/// checked, and weighed by what was measured there.
///
/// A fault of the backward pass leaves the loss alone, so that nothing need be measured again. Where
/// a fault changes the loss, its gradient is checked along two random directions; where it changes
/// the training, one step is compared with the reference.
package struct FaultDetectability {
  private var options: CheckOptions
  private let faults: [any Fault]

  package init(_ options: CheckOptions, faults: [any Fault] = FaultCatalogue.all) {
    self.options = options
    self.options.progress = nil
    self.faults = faults
  }

  private var twoDirections: CheckOptions {
    var few = options
    few.directions = 2
    return few
  }

  /// - Parameters:
  ///   - result: the check of the model without a fault.
  ///   - subjects: the ways to train that it was checked with.
  ///   - makeRight: makes that model.
  /// - Returns: one row for each fault that this model can have; none for a model that shares nothing.
  package func table(
    _ result: CaseResult, subjects: [UpdateSubject],
    makeRight: () throws -> ChainObjective<Double>
  ) throws -> [NoticedFault] {
    let right = try makeRight()
    let contributions = try UpdateCheck(options).contributions(right)
    return try faults.compactMap { fault in
      let base = try makeRight()
      let wrong: ChainObjective<Double>
      do {
        wrong = try FaultInjection(fault).wrong(base)
      } catch is FaultNotApplicable {
        return nil
      }
      var (convicted, effect): (Bool, Double?)
      switch fault.convictor {
      case .gradient:
        if try wrong.value() == result.gradient.value {
          let weighed = result.gradient.weigh(try wrong.gradients(), seed: options.seed)
          (convicted, effect) = (weighed.convicts, weighed.effect)
        } else {
          let found = try GradientChecker(twoDirections).check(wrong)
          (convicted, effect) = (found.verdict == .fail, found.effect())
        }
      case .tie:
        convicted = try TieCheck(options).convictsWithoutMeasuring(
          wrong, expected: right.network.chain.kernelTies, biases: right.network.chain.biasTies)
        effect = nil
      case .structure:
        let found = try StructureCheck(options).check(wrong, fault.wrong(ModelHandling.right))
        (convicted, effect) = (found.verdict == .fail, nil)
      case .updates where fault.firstBatch > 1:
        // One step is right. Of the ways to train the last is the richest.
        let wrongSubjects = FaultInjection(fault).wrongSubjects(subjects).suffix(1)
        let found = try UpdateCheck(options, steps: fault.firstBatch).check(
          right, gradient: result.gradient, Array(wrongSubjects))
        (convicted, effect) = (found.verdict == .fail, nil)
      case .updates:
        var largest = 0.0
        // The richest optimizers come last in the usual order, and show most.
        for subject in FaultInjection(fault).wrongSubjects(subjects).reversed() where largest <= 1 {
          largest = max(
            largest,
            try UpdateCheck(options).strayFactor(right, subject, contributions: contributions))
        }
        (convicted, effect) = (largest > 1, largest)
      }
      return NoticedFault(
        fault: fault.id, check: fault.convictor.rawValue, convicted: convicted,
        effectOverSensitivity: effect)
    }
  }
}
