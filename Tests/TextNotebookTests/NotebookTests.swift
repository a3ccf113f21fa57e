import Foundation
import Testing

@testable import TextNotebook

@Suite struct NotebookTests {
  @Test func proseAndCells() throws {
    let notebook = try Notebook(
      """
      # A title

      %% swift file
        import Foundation
      %% swift
        let x = 1

        print(x)
      %% output rtol=1e-3 atol=1e-6
        1
      More prose.

      """, name: "01-a.txt")
    #expect(notebook.title == "A title")
    #expect(notebook.cells.map(\.kind) == [.swiftFile, .swift, .output])
    #expect(notebook.cells.map(\.line) == [3, 5, 9])
    #expect(notebook.cells[1].body == ["let x = 1", "", "print(x)"])
    #expect(notebook.steps.map(\.cell.line) == [5])
    #expect(notebook.steps[0].output?.body == ["1"])
    #expect(
      notebook.steps[0].output?.options.tolerance == Tolerance(relative: 1e-3, absolute: 1e-6))
  }
}
