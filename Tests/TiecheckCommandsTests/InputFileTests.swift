import Foundation
import Testing

@testable import TiecheckCommands

@Suite struct InputFileTests {
  @Test func anEndlessFileIsRefused() {
    guard FileManager.default.fileExists(atPath: "/dev/zero") else { return }
    expectRefusal(tiecheck("check --data /dev/zero"), 65, ["larger than 256 MiB"])
  }

  @Test func labelsHaveNoFolders() {
    #expect(InputFile.label("/somewhere/else/x.csv") == "x.csv")
    #expect(InputFile.label("-") == "on standard input")
  }
}
