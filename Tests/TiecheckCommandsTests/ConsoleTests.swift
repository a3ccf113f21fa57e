import Foundation
import Testing

@testable import TiecheckCommands

@Suite struct ConsoleTests {
  @Test func relativePathsStartFromTheConsolesFolder() throws {
    let folder = try TemporaryFolder()
    let url = URL(fileURLWithPath: folder.path)
    #expect(tiecheck("summary -o summary.txt", folder: url).status == 0)
    #expect(tiecheck("report \(small) -o made", folder: url).status == 0)
    #expect(try folder.names() == ["made", "summary.txt"])
    _ = try folder.file("rows.csv", "0.1,0.2,0.3\n0.4,0.5,0.7\n")
    #expect(tiecheck("summary --data rows.csv", folder: url).status == 0)
    #expect(tiecheck("summary --data \(folder("rows.csv"))").status == 0)
    expectRefusal(tiecheck("summary --data rows.csv"), 66, ["rows.csv does not exist"])
  }
}
