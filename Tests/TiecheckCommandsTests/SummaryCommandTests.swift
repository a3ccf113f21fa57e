import Foundation
import Testing
import TiedLayers

@testable import TiecheckCommands

@Suite struct SummaryCommandTests {
  @Test func theOriginalAsItWasWritten() {
    let run = tiecheck("summary --model original-as-written")
    #expect(run.status == 0)
    let rows = run.output.split(separator: "\n").filter { $0.contains("(batch, 5)") }
    #expect(rows.count == 2)
    #expect(rows.allSatisfy { $0.contains(" 30 ") })
    #expect(run.output.contains("Total parameters: 30"))
    #expect(run.error.isEmpty)
  }

  @Test func asJSON() throws {
    let run = tiecheck("summary --features 6 --hidden 4 --format json")
    let summary = try JSONDecoder().decode(ModelSummary.self, from: run.data)
    #expect(summary.totalParameters == 6 * 4 + 4 + 6)
    #expect(summary.layers.map(\.sharesWith) == [["decoder"], ["encoder"]])
  }

  @Test func asMarkdownAndIntoAFile() throws {
    let folder = try TemporaryFolder()
    let run = tiecheck("summary --format markdown -o", folder("summary.md"))
    #expect(run.status == 0)
    #expect(run.data.isEmpty)
    #expect(try folder.text("summary.md").contains("1104"))
    #expect(try folder.names() == ["summary.md"])
  }
}
