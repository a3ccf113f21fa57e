import Testing

@testable import CheckReport

struct MarkdownTests {
  @Test func charactersThatMeanSomethingAreEscaped() {
    #expect(
      Markdown.text("a|b <i> & *c* [d](e) `f` $g$ \\")
        == "a&#124;b &lt;i&gt; &amp; \\*c\\* \\[d\\](e) \\`f\\` &#36;g&#36; \\\\")
    #expect(Markdown.text("one\ntwo") == "one two")
  }

  @Test func underscoresInsideAWordStay() {
    #expect(Markdown.text("transposed_dense") == "transposed_dense")
    #expect(Markdown.text("_private_") == "\\_private\\_")
  }

  @Test func namesStandInTypewriterLettersWhereTheyCan() {
    #expect(Markdown.code("kernel[2, 3]") == "`kernel[2, 3]`")
    for name in ["a|b", "<k>", "tick`", "", " x", "two\nlines", "a&b"] {
      #expect(Markdown.code(name) == Markdown.text(name))
    }
  }

  @Test func aTableHasAHeaderARuleAndRows() {
    let table = Markdown.table([.words("Name"), .number("Size")], [["a", "1"], ["b", "2"]])
    #expect(table == "| Name | Size |\n| --- | ---: |\n| a | 1 |\n| b | 2 |")
  }

  @Test func aFenceIsLongerThanWhatItHolds() {
    #expect(Markdown.codeBlock("ls", language: "sh") == "```sh\nls\n```")
    #expect(Markdown.codeBlock("a ``` b").hasPrefix("````\n"))
  }

  @Test func slugsAreFileNames() {
    #expect(Markdown.slug("Tied autoencoder 64-16-64") == "tied-autoencoder-64-16-64")
    #expect(Markdown.slug("../a|b<c>/é") == "a-b-c")
    #expect(Markdown.slug("|||") == "case")
  }

  @Test func anchorsAreGitHubs() {
    #expect(Markdown.anchor("Case 1: tied 64-16-64 (W_1)") == "case-1-tied-64-16-64-w_1")
  }
}
