import GSLKit
import GradientCheck
import Testing
import TiedLayers

@testable import FaultGallery

struct WrongLayerTests {
  /// A wrong twin wraps the right layer and changes only its fault.
  @Test(arguments: Setting.all)
  func theForwardPassAndTheSummaryAreThoseOfTheRightTwin(setting: Setting) throws {
    for seed in Setting.seeds {
      let right = try setting.right(seed)
      for wrong in [
        try setting.wrong(DetachedCopy(), seed), try setting.wrong(FrozenCopy(), seed),
      ] {
        #expect(try wrong.value() == right.value())
        #expect(wrong.layerNames == right.layerNames)
        #expect(wrong.uses == right.uses)
        #expect(try "\(wrong.summary())" == "\(right.summary())")
      }
    }
  }

  @Test func theDetachedCopyFollowsAndTheFrozenOneDoesNot() throws {
    let setting = Setting.all[0]
    let (right, detached, frozen) = (
      try setting.right(1), try setting.wrong(DetachedCopy(), 1),
      try setting.wrong(FrozenCopy(), 1)
    )
    let before = try right.value()
    for objective in [right, detached, frozen] { objective.parameters[0][2] += 0.25 }
    #expect(try right.value() != before)
    #expect(try detached.value() == right.value())
    #expect(try frozen.value() != right.value())
  }

  @Test(arguments: Setting.all)
  func onlyTheSharedParametersLoseTheirContribution(setting: Setting) throws {
    let right = try setting.right(1).gradientsByUse()
    for wrong in [
      try setting.wrong(DetachedCopy(), 1), try setting.wrong(FrozenCopy(), 1),
    ] {
      let claims = try wrong.gradientsByUse()
      let last = wrong.layerNames.count - 1
      let shared = Set(wrong.uses.filter { $0.layer < last }.map(\.parameter))
      for (i, use) in wrong.uses.enumerated() {
        let isLost = use.layer == last && shared.contains(use.parameter)
        #expect(claims[i] == (isLost ? nil : right[i]))
      }
    }
  }

  @Test func aBiasOfItsOwnIsLiveEvenInTheFrozenCopy() throws {
    let setting = Setting.all[0]
    let (right, frozen) = (try setting.right(1), try setting.wrong(FrozenCopy(), 1))
    for objective in [right, frozen] { objective.parameters[2][0] += 0.25 }
    #expect(try frozen.value() == right.value())
  }

  /// Within a layer one slot alone is wrong: the others, and the loss, are as they were.
  @Test func withinALayerOnlyTheOneUseIsWrong() throws {
    let model = GalleryModel.named("recurrent")
    let right = try model.make(3)
    for (fault, name) in [
      (EncoderPathLost() as any Fault, "rnn step 2"), (DecoderPathLost(), "rnn step 3"),
    ] {
      let wrong = try FaultInjection(fault).wrong(model.make(3))
      #expect(try wrong.value() == right.value())
      let claims = zip(try right.gradientsByUse(), try wrong.gradientsByUse())
      for (use, (own, other)) in zip(right.uses, claims) {
        let isLost = use.name == name && right.parameters[use.parameter].name == "W_h"
        #expect(other == (isLost ? nil : own), "\(fault.id) \(use.name)")
      }
    }
  }

  @Test func theMeanOfSeveralUsesIsOneOverTheirNumber() throws {
    let model = GalleryModel.named("shared")
    let (right, wrong) = (try model.make(3), try FaultInjection(Averaged()).wrong(model.make(3)))
    let (whole, mean) = (try right.gradients()[0]!, try wrong.gradients()[0]!)
    for (a, b) in zip(whole, mean) { #expect(abs(a / 4 - b) < 1e-15) }
  }
}
