import Foundation
import GradientCheck
import Testing

@testable import CheckReport

struct CasePlotsTests {
  private func pictures(_ record: CheckRecord, case index: Int = 0) -> [CasePicture] {
    CasePlots.pictures(record.cases[index])
  }

  @Test func everyPictureIsWellFormedAndSaysWhatItShows() throws {
    for (name, record) in MarkdownReportTests.records {
      let files = MarkdownReport.files(for: record)
      let alternatives = try MarkdownProbe(files).images.map(\.alternative)
      #expect(alternatives.allSatisfy { $0.count > 40 }, "\(name)")
      for file in files.dropFirst() {
        let probe = try SVGProbe(try #require(String(data: file.contents, encoding: .utf8)))
        #expect(probe.all("title").first?.text.isEmpty == false)
        #expect((probe.all("desc").first?.text.count ?? 0) > 40)
        #expect(!probe.texts.contains { $0.contains("nan") || $0.contains("no data") })
      }
    }
  }

  @Test func aTiedCaseHasAllFour() {
    #expect(
      pictures(Records.all).map(\.suffix) == ["steps", "residual-kernel", "paths", "drift"])
  }

  @Test func whatHasNoNumbersIsLeftOut() {
    // Nothing is shared: no paths, no drift.
    #expect(
      pictures(Records.all, case: 2).map(\.suffix) == ["steps", "residual-w", "residual-v"])
    // Shares of a gradient that is zero mean nothing.
    #expect(pictures(Records.vacuous).map(\.suffix) == ["steps", "residual-w", "drift"])
    // Directions leave no entries to show.
    #expect(pictures(Records.directions).map(\.suffix) == ["paths", "drift"])
  }

  @Test func theStepThatWasUsedIsMarked() throws {
    let picture = pictures(Records.all)[0]
    let plot = try #require(picture.plot as? LinePlot)
    let sweep = Records.all.cases[0].evidence.sweeps[0]
    #expect(plot.verticalLines.map(\.position) == [sweep.chosenStep])
    #expect(plot.x.scale == .log10 && plot.y.scale == .log10)
    #expect(plot.series.map(\.name).count == 3)
    #expect(plot.series[0].points.count == sweep.points.count)
    let table = try #require(MarkdownProbe(picture.table).tables.first)
    #expect((10...15).contains(table.rows.count))
    #expect(table.rows.filter { $0[0].contains("nearest to the step used") }.count == 1)
  }

  @Test func aWrongClaimIsSaidToBeFlat() {
    let wrong = pictures(Records.failing)[0]
    #expect(wrong.explanation.contains("Here the claim is **wrong**"))
    #expect(wrong.plot.description.contains("stay flat"))
    let right = pictures(Records.all)[0]
    #expect(!right.explanation.contains("wrong") && !right.plot.description.contains("flat"))
  }

  @Test func theHeatMapCountsWhatLiesBeyondItsBound() throws {
    let wrong = try #require(pictures(Records.failing)[1].plot as? HeatMap)
    #expect(wrong.threshold == 1)
    #expect(wrong.scale.spacing == .symmetricLog(linearBelow: 1))
    #expect(wrong.description.contains("24 of 24 entries lie beyond the bound"))
    #expect(pictures(Records.all)[1].explanation.contains("no entry lies beyond its bound"))
    let table = try #require(MarkdownProbe(pictures(Records.failing)[1].table).tables.first)
    #expect(table.rows[1].prefix(5).compactMap { Int($0) }.reduce(0, +) == 24)
    #expect(table.rows[1][3] == "24")
  }

  @Test func theSharesAreTheOnesThatWereMeasured() throws {
    let plot = try #require(pictures(Records.all)[2].plot as? BarChart)
    #expect(plot.categories == ["kernel through dense", "kernel through transposed_dense"])
    #expect(plot.series.map(\.values) == [Records.all.cases[0].tie.groups[0].paths.map(\.share)])
  }

  @Test func theTiedPairStaysAtZero() throws {
    let picture = pictures(Records.all)[3]
    let plot = try #require(picture.plot as? LinePlot)
    #expect(plot.horizontalLines.map(\.position) == [0])
    #expect(plot.y.scale == .linear)
    #expect(plot.series.map(\.name) == Records.all.cases[0].updates.optimizers.map(\.name))
    let table = try #require(MarkdownProbe(picture.table).tables.first)
    #expect(table.header == ["Optimizer"] + (0...5).map { "Step \($0)" })
  }

  @Test func manyStepsAreThinned() throws {
    let long = CheckCase(
      name: "long", model: "tied", subjects: UpdateSubject.standard.filter { $0.name == "sgd" },
      steps: 30, makeObjective: Records.tied.makeObjective)
    let picture = try #require(pictures(Records.record([long])).last)
    let table = try #require(MarkdownProbe(picture.table).tables.first)
    #expect(
      Array(table.header.dropFirst())
        == ["0", "1", "2", "5", "10", "20", "30"].map { "Step \($0)" })
  }
}
