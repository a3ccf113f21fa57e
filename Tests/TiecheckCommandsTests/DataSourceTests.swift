import Foundation
import GSLKit
import Testing

@testable import TiecheckCommands

@Suite struct DataSourceTests {
  @Test(arguments: [
    ("1,2\n3,\n", "column 2 is empty"), ("1,2\n3,x\n", "\"x\""), ("1,2\n3\n", "same number"),
    ("1,nan\n", "finite"), ("", "empty"),
  ])
  func badTablesAreBadInput(text: String, words: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("data.csv", text)
    for command in ["check", "summary", "report -o \(folder("out"))"] {
      let run = tiecheck("\(command) --data", path)
      expectRefusal(run, 65, ["the data data.csv", words])
      #expect(!run.error.contains(folder.path))
    }
    #expect(try folder.names() == ["data.csv"])
  }

  @Test func tableThatIsNotThere() throws {
    let folder = try TemporaryFolder()
    expectRefusal(
      tiecheck("check --data", folder("none.csv")), 66, ["none.csv does not exist"])
    expectRefusal(tiecheck("check --data", folder.path), 66, ["is a folder; expected a file"])
    try Data([0x31, 0xFF]).write(to: URL(fileURLWithPath: folder("latin.csv")))
    expectRefusal(tiecheck("check --data", folder("latin.csv")), 65, ["not UTF-8"])
  }

  @Test func everyColumnIsAFeature() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("data.csv", "a,b,c\n0.1,0.2,0.3\n0.4,0.5,0.7\n0.9,0.8,0.6\n")
    let run = tiecheck("summary --hidden 2 --data", path)
    #expect(run.output.contains("(batch, 3)"))
    #expect(
      tiecheck("summary --hidden 2 --features 2 --data", path).output.contains("(batch, 2)"))
    expectRefusal(
      tiecheck("check --batch 4 --data", path), 64, ["--batch is 4, but data.csv has 3 rows"])
    #expect(tiecheck("check --hidden 2 --optimizers sgd --data", path).status == 0)
  }

  /// The words of the text that ships, or of one's own.
  @Test func aTextIsForTheModelThatReadsIt() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("own.txt", "A fox, a dog.\n\nThe fox runs.\n")
    let run = tiecheck("summary --model embedding --hidden 2 --data", path)
    // Six tokens, the padding among them.
    #expect(run.output.contains("(batch, 6)"), "\(run.error)")
    #expect(tiecheck("summary --model embedding").output.contains("(batch, 44)"))
    expectRefusal(
      tiecheck("check --model embedding --batch 8 --data", path), 64,
      ["--batch is 8, but own.txt has 7 words"])
    expectRefusal(
      tiecheck("check --model embedding --data digits"), 64, ["reads the words of a text"])
    expectRefusal(
      tiecheck("check --data text"), 64, ["--data text holds words", "--model embedding"])
    expectRefusal(
      tiecheck("check --model embedding --data", try folder.file("empty.txt", "?\n")), 65,
      ["the data empty.txt: it holds no words"])
    expectRefusal(
      tiecheck("check --model embedding --set vocabulary=7"), 64,
      ["--set vocabulary is for random data"])
  }

  @Test func batchesAreRowsOfTheTable() throws {
    let matrix = try Matrix<Double>((0..<10).map { [Double($0)] })
    let table = DataTable(name: "numbers", matrix)
    let batch = table.samples(rows: 4, random: RandomSource(seed: 3)).values.elements
    #expect(Set(batch).count == 4)
    #expect(batch == batch.sorted())
    #expect(batch == table.samples(rows: 4, random: RandomSource(seed: 3)).values.elements)
    #expect(batch != table.samples(rows: 4, random: RandomSource(seed: 4)).values.elements)
    #expect(try table.rowCount(asked: nil, usual: 32) == 10)
  }
}
