import Testing

@testable import TextNotebook

@Suite struct AlignmentTests {
  /// Letters; "*" is an elision.
  private func alignment(_ recorded: String, _ present: String) -> Alignment {
    let (old, new) = (Array(recorded), Array(present))
    return Alignment(
      recorded: old.count, present: new.count, isElision: { old[$0] == "*" },
      accepts: { old[$0] == new[$1] })
  }

  /// One letter for each pair.
  private func marks(_ recorded: String, _ present: String) -> String {
    alignment(recorded, present).pairs.map { pair in
      switch pair {
      case .same: "="
      case .changed: "c"
      case .removed: "-"
      case .added: "+"
      case .elided: "*"
      }
    }.joined()
  }

  @Test func fewestDifferences() {
    #expect(marks("abc", "abc") == "===")
    #expect(marks("abc", "axc") == "=c=")
    #expect(marks("abc", "ac") == "=-=")
    #expect(marks("ac", "abc") == "=+=")
    #expect(marks("", "ab") == "++")
    #expect(marks("abcdef", "bcdefg") == "-=====+")
  }

  @Test func anElisionTakesWhatMakesTheRestAgree() {
    #expect(marks("a*d", "abcd") == "=*=")
    #expect(marks("*", "") == "*")
    #expect(marks("a*", "a") == "=*")
    #expect(marks("*a", "aa") == "*=")
    #expect(marks("a*c*e", "abcde") == "=*=*=")
    #expect(marks("a*x", "abc") == "=*c")
    #expect(!alignment("a*x", "abc").isEqual && alignment("a*c", "abc").isEqual)
  }

  /// Every item of both sides once, in order; equal only if the pattern is one of the text.
  @Test func pairsAreCompleteAndInOrder() {
    for seed in 0..<UInt64(300) {
      var random = SeededGenerator(state: seed)
      func text(_ letters: String) -> String {
        String(
          (0..<Int.random(in: 0...12, using: &random)).map { _ in
            letters.randomElement(using: &random)!
          })
      }
      let (recorded, present) = (text("aab*"), text("aabc"))
      var (old, new): ([Int], [Int]) = ([], [])
      for pair in alignment(recorded, present).pairs {
        switch pair {
        case .same(let i, let j), .changed(let i, let j):
          old.append(i)
          new.append(j)
        case .removed(let i): old.append(i)
        case .added(let j): new.append(j)
        case .elided(let i, let range):
          old.append(i)
          new += range
        }
      }
      #expect(old == Array(0..<recorded.count) && new == Array(0..<present.count))
      let pattern = OutputPattern(recorded.replacing("*", with: "[..]"), tolerance: .exact)
      #expect(
        alignment(recorded, present).isEqual == pattern.accepts(present), "\(recorded) \(present)")
    }
  }

  @Test func longTextsAreNotWeighed() {
    let marks = marks(
      "a" + String(repeating: "b", count: 3000) + "z",
      "a" + String(repeating: "c", count: 3000) + "z")
    #expect(
      marks == "=" + String(repeating: "-", count: 3000) + String(repeating: "+", count: 3000) + "="
    )
  }
}
