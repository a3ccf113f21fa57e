import FaultGallery
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
    #expect(run.data == tiecheck("faults \(id)").data)
  }

  @Test func theDetachedCopyNamesTheMissingPath() {
    #expect(tiecheck("faults detached-copy").output.contains("-1.0000 x decoder's path"))
  }

  @Test func unknownFault() {
    expectRefusal(tiecheck("faults nothing"), 64, ["\"nothing\" is not in the gallery"])
    expectRefusal(tiecheck("faults detached-copy --seed -1"), 64, ["at least 0"])
  }
}
