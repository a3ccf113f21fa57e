import Testing

@testable import TextNotebook

@Suite struct NotebookTests {
  @Test func cellsHaveLinesBodiesAndOptions() throws {
    let notebook = try Notebook(sample, name: "03-title.txt")
    #expect(
      notebook.cells.map(\.kind) == [.swiftFile, .swift, .output, .file, .tiecheck, .output])
    #expect(notebook.cells.map(\.line) == [10, 12, 17, 22, 25, 29])
    #expect(notebook.cells[1].body == ["let x = 1", "", "print(x, 0.5)"])
    #expect(notebook.cells[2].body == ["1 0.5", "...", "loss [..]"])
    #expect(notebook.cells[2].options.tolerance == Tolerance(relative: 1e-6, absolute: 1e-9))
    #expect(notebook.cells[3].options.name == "model.py")
    #expect(notebook.cells[4].options.needs == ["python3:torch", "git"])
    #expect(notebook.cells[5].body.isEmpty)
  }

  @Test func anOutputBelongsToTheCellAboveItWhateverProseStandsBetween() throws {
    let steps = try Notebook(sample, name: "03-title.txt").steps
    #expect(steps.map(\.number) == [0, 1, 2])
    #expect(steps.map(\.cell.kind) == [.swift, .file, .tiecheck])
    #expect(steps.map(\.output?.line) == [17, nil, 29])
  }

  @Test func theTextIsKeptToTheByte() throws {
    #expect(try Notebook(sample, name: "a.txt").text == sample)
  }

  @Test func blocksCoverEveryLineOnce() throws {
    let notebook = try Notebook(sample, name: "a.txt")
    let lines = notebook.blocks.flatMap { block -> [Int] in
      switch block {
      case .prose(let range): Array(range)
      case .cell(let cell): Array(cell.range)
      }
    }
    #expect(lines == Array(notebook.lines.indices))
  }

  @Test func titles() throws {
    #expect(try Notebook(sample, name: "a.txt").title == "03 Title")
    #expect(try notebook("%% swift\n  print(1)", name: "01-a.txt").title == "01-a")
    #expect(try notebook("%% swift\n  print(1)\nLate.", name: "01-a.txt").title == "Late.")
  }

  @Test func namesThatCanStandInSwift() throws {
    for name in ["03-one-kernel.zh.txt", "03-核.txt"] { try Notebook.checkName(name) }
    for name in ["a b.txt", "a\"b.txt", "a\\b.txt", ".txt", ""] {
      #expect(throws: NotebookError.self) { try Notebook.checkName(name) }
    }
  }

  @Test func numbersNameLessonAndLanguage() throws {
    func number(_ name: String) throws -> String { try notebook("x", name: name).number }
    #expect(try number("03-one-kernel.txt") == "03")
    #expect(try number("03-one-kernel.zh.txt") == "03.zh")
    #expect(try number("notes.txt") == "notes")
  }
}
