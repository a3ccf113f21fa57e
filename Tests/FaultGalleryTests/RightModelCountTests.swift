import GradientCheck
import Testing
import TiedLayers

@testable import FaultGallery

struct RightModelCountTests {
  /// A sample of what `tiecheck faults --seeds 200 --acquit` counts.
  @Test(arguments: GalleryModel.all) func rightTwinsAreAcquittedAndTheCheckIsSharp(
    model: GalleryModel
  ) throws {
    let found = try RightModelCount(
      model, seeds: 41...43, subjects: [UpdateSubject.standard[0], UpdateSubject.standard[5]])
    #expect(found.isClean && found.checked == 3, "\(found.others)")
    #expect(found.sensitivity > 0 && found.sensitivity < 3e-6)
  }

  @Test func theTextSaysWhoWasNot() throws {
    let model = GalleryModel(widths: [4, 3])
    var rows = [try RightModelCount(model, seeds: 1...1, subjects: [])]
    #expect(RightModelCount.text(rows).contains("tied autoencoder 4-3-4  1 of 1"))
    // As if one seed had not passed: what the text makes of it.
    let nothing = RightModelCount(failing: model, seeds: [7])
    rows.append(nothing)
    #expect(!nothing.isClean)
    #expect(RightModelCount.text(rows).contains("0 of 1          0.0e+00  not: 7"))
  }
}
