import Foundation
import Testing

@testable import TextNotebook

@Suite struct JupyterNotebookTests {
  /// What nbformat's schema asks for, and what stands where.
  @Test func cellsAndOutputs() throws {
    let text = """
      # Title

      Prose.
      %% swift
        let x = 1
        print(x)
      Predict!
      %% output
        1
        picture 01-a.svg
      %% tiecheck
        $ tiecheck a \\
          b
      %% file name=m.py
        import json
      """
    let data = try JupyterNotebook(try notebook(text)) { _ in "<svg/>" }.json()
    let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(json["nbformat"] as? Int == 4 && json["nbformat_minor"] as? Int == 5)
    let cells = try #require(json["cells"] as? [[String: Any]])
    #expect(
      cells.map { $0["cell_type"] as? String } == ["markdown", "code", "markdown", "code", "code"])
    #expect(
      cells.map { $0["id"] as? String } == ["line-1", "line-4", "line-7", "line-11", "line-14"])
    #expect(cells[0]["source"] as? [String] == ["# Title\n", "\n", "Prose."])
    #expect(cells[1]["source"] as? [String] == ["let x = 1\n", "print(x)"])
    #expect(cells[3]["source"] as? [String] == ["%system tiecheck a   b"])
    #expect(cells[1]["execution_count"] is NSNull && cells[0]["outputs"] == nil)
    let outputs = try #require(cells[1]["outputs"] as? [[String: Any]])
    #expect(outputs.map { $0["output_type"] as? String } == ["stream", "display_data"])
    #expect(outputs[0]["text"] as? [String] == ["1\n"])
    #expect((outputs[1]["data"] as? [String: String])?["image/svg+xml"] == "<svg/>")
  }

  @Test func theSameBytesEachTime() throws {
    let notebook = try Notebook(sample, name: "03-a.txt")
    let files = try (0..<3).map { _ in try JupyterNotebook(notebook) { _ in nil }.json() }
    #expect(Set(files).count == 1)
  }
}
