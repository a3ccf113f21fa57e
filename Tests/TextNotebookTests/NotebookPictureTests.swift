import Testing

@testable import TextNotebook

@Suite struct NotebookPictureTests {
  @Test func titles() {
    func title(_ svg: String) -> String { NotebookPicture(name: "a.svg", svg: svg).title }
    #expect(title("<svg><title>The curve</title></svg>") == "The curve")
    #expect(title("<svg/>") == "a.svg" && title("<title>") == "a.svg")
    #expect(title("<title></title>") == "a.svg")
  }
}
