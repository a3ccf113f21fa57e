import GSLKit
import GradientCheck
import Testing
import TiedLayers

@testable import FaultGallery

struct ImmediateOnlyTests {
  /// What is left is, of each sequence, the contribution of its own last step.
  @Test func theLastStepOfEachSequenceIsLeft() throws {
    for model in GalleryModel.all where model.model.name == "recurrent" {
      let right = try model.make(2)
      let wrong = try FaultInjection(ImmediateOnly()).wrong(model.make(2))
      #expect(try wrong.value() == right.value())
      let lengths = (0..<right.input.rows).map { Int(right.input[$0, right.input.columns - 1]) }
      for (p, parameter) in right.parameters.enumerated()
      where ["W_x", "W_h", "b"].contains(parameter.name) {
        var expected = [Double](repeating: 0, count: parameter.count)
        for (i, length) in lengths.enumerated() {
          let (sample, weight) = right.sample(i)!
          for (use, claimed) in zip(sample.uses, try sample.gradientsByUse())
          where sample.parameters[use.parameter] === parameter {
            let step = Int(use.slotName.split(separator: " ")[1])!
            guard step == length, let claimed else { continue }
            expected = zip(expected, claimed).map { $0 + weight * $1 }
          }
        }
        let claimed = try wrong.gradients()[p] ?? expected.map { _ in 0 }
        for (a, b) in zip(claimed, expected) { #expect(abs(a - b) < 1e-14, "\(parameter.name)") }
      }
    }
  }

  /// With seed 17 all sequences of one model have a kernel used twice: its first use lost is all but the
  /// last one lost, and the other parameters tell which it is.
  @Test(arguments: [1, 17] as [UInt64]) func itIsNamedForEveryParameter(seed: UInt64) throws {
    for model in GalleryModel.all where model.model.name == "recurrent" {
      let check = try #require(try model.check(ImmediateOnly(), seed: seed, subjects: []))
      #expect(check.isSettled, "\(model): \(check.wrong.diagnoses)")
    }
  }

  @Test func itNeedsAKernelOverTime() throws {
    let error = #expect(throws: FaultNotApplicable.self) {
      try FaultInjection(ImmediateOnly()).wrong(GalleryModel(widths: [4, 3]).make(1))
    }
    #expect(error?.description.contains("Choose --model recurrent.") == true)
  }
}
