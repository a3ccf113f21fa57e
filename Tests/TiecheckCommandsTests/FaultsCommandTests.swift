import FaultGallery
import GradientCheck
import Testing

@testable import TiecheckCommands

@Suite struct FaultsCommandTests {
  @Test func theList() {
    let run = tiecheck("faults")
    #expect(run.status == 0)
    for fault in FaultCatalogue.all {
      #expect(run.output.contains(fault.id))
    }
    #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= TextWrap.width })
  }

  @Test(arguments: FaultCatalogue.all.map(\.id))
  func eachIsCaughtLive(id: String) throws {
    let fault = try #require(FaultCatalogue.fault(id))
    let run = tiecheck("faults \(id)")
    #expect(run.status == 0, "\(run.output)")
    #expect(run.output.contains(fault.source))
    #expect(run.output.contains("Without it  pass"))
    #expect(run.output.contains("Convicted   by \(fault.convictor.check)"))
    #expect(run.output.contains("\nFound       "))
  }

  @Test func theDetachedCopyNamesTheMissingPath() {
    #expect(tiecheck("faults detached-copy").output.contains("-1.0000 x decoder's path"))
  }

  @Test func theLessonHasCodeForEveryFramework() throws {
    let run = tiecheck("faults detached-copy")
    for part in ["Tempting", "Formula", "Swift", "Keras", "PyTorch", "encoder.kernel.transposed"] {
      #expect(run.output.contains(part))
    }
    #expect(run.data == tiecheck("faults detached-copy").data)
  }

  @Test func aDiagnosisListsItsFaults() {
    let run = tiecheck("faults missing-path")
    #expect(run.status == 0)
    for id in ["detached-copy", "encoder-path-lost", "decoder-path-lost", "overwritten"] {
      #expect(run.output.contains(id))
    }
  }

  /// Whatever name a report gives leads to a lesson at once.
  @Test func everyDiagnosisHasALesson() {
    for id in Diagnosis.meanings.keys.sorted() {
      let run = tiecheck("faults \(id)")
      #expect(run.status == 0, "\(id)")
      for part in ["\nLesson      ", "\nFormula     "] {
        #expect(run.output.contains(part), "\(id): \(run.output)")
      }
      // Of a fault there is code besides, as long as it is.
      guard FaultCatalogue.fault(id) == nil else { continue }
      #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= TextWrap.width }, "\(id)")
    }
  }

  @Test func theMatrixCounts() {
    let run = tiecheck("faults missing-path --seeds 1 --model tied-autoencoder")
    #expect(run.status == 0, "\(run.output)")
    #expect(run.output.contains("Right twins acquitted: 20 of 20."))
    #expect(run.output.contains("not at all: 0."))
    #expect(run.output.contains("\n  tied autoencoder 5-4-3-4-5\n"))
    let right = tiecheck("faults --seeds 2 --acquit --model recurrent")
    #expect(right.status == 0, "\(right.output)")
    #expect(right.output.contains("recurrent network 3-4-3 over 3 steps  2 of 2"))
    expectRefusal(tiecheck("faults --acquit"), 64, ["--acquit goes with --seeds n"])
    expectRefusal(tiecheck("faults --model recurrent"), 64, ["--model goes with --seeds n"])
    expectRefusal(
      tiecheck("faults --seeds 1 --model original"), 64, ["shows nothing on --model original"])
    expectRefusal(tiecheck("faults --seeds 0"), 64, ["at least 1", "from 1 to 10000"].suffix(1))
  }

  @Test func unknownFault() {
    expectRefusal(tiecheck("faults nothing"), 64, ["\"nothing\" is not in the gallery"])
    expectRefusal(tiecheck("faults detached-copy --seed -1"), 64, ["at least 0"])
  }
}
