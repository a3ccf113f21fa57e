import Testing

@testable import TiecheckCommands

@Suite struct NotebookFolderTests {
  private let names = ["03-kernel.txt", "03-kernel.zh.txt", "04-a.txt", "04-b.txt", "05.txt"]

  @Test func wordsThatNameANotebook() throws {
    for (word, name) in [
      ("03", "03-kernel.txt"), ("03.zh", "03-kernel.zh.txt"), ("03-kernel", "03-kernel.txt"),
      ("03-kernel.zh.txt", "03-kernel.zh.txt"), ("04-a", "04-a.txt"), ("05", "05.txt"),
      ("notebooks-txt/05.txt", "05.txt"),
    ] {
      #expect(try NotebookFolder.choose(word, among: names) == name)
    }
  }

  @Test(arguments: ["0", "04", "3", "03.de", "", "kernel", ".txt"])
  func wordsThatDoNot(word: String) {
    #expect(throws: CommandError.self) { try NotebookFolder.choose(word, among: names) }
  }
}
