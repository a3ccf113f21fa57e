import Foundation
import GSLKit
import GradientCheck
import PlotsTestSupport
import Testing
import TiedLayers
import TiedModels

@testable import CheckReport
@testable import Plots

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

  /// The picture of a case with this suffix.
  private func picture(_ suffix: String, of record: CheckRecord) throws -> CasePicture {
    try #require(pictures(record).first { $0.suffix == suffix })
  }

  @Test func aTiedCaseHasAllOfThem() {
    #expect(
      pictures(Records.all).map(\.suffix)
        == ["steps", "remainder", "residual-kernel", "ratios", "paths", "drift"])
  }

  /// The slope of log y over log x between two points.
  private func slope(_ points: ArraySlice<(x: Double, y: Double)>) -> Double {
    let (a, b) = (points.first!, points.last!)
    return Foundation.log(b.y / a.y) / Foundation.log(b.x / a.x)
  }

  @Test func theRemainderOfARightClaimFallsThriceAsFastAsThatOfAWrongOne() throws {
    let right = try #require(try picture("remainder", of: Records.all).plot as? LinePlot)
    #expect(abs(slope(right.series[0].points.suffix(5)) - 3) < 0.2)
    #expect(abs(slope(right.series[1].points.dropLast(8).suffix(9)) - 1) < 0.2)
    let wrong = try #require(try picture("remainder", of: Records.failing).plot as? LinePlot)
    #expect(abs(slope(wrong.series[0].points.dropLast(8).suffix(9)) - 1) < 0.2)
  }

  @Test func theHistogramCountsEveryEntryOnce() throws {
    for record in [Records.all, Records.failing] {
      let plot = try #require(try picture("ratios", of: record).plot as? Histogram)
      #expect(plot.counts.reduce(0, +) == record.cases[0].gradient.entries.total)
    }
    #expect(
      try picture("ratios", of: Records.all).explanation.contains("All 35 entries lie below 1"))
    let failing = try picture("ratios", of: Records.failing)
    #expect(failing.explanation.contains("entries lie at 1 or above"))
  }

  @Test func theCornersThatStoodInTheWayHaveAPlace() throws {
    let rectified = Records.record([Records.rectified])
    let plot = try #require(try picture("corners", of: rectified).plot as? LinePlot)
    let corners = rectified.cases[0].evidence.corners
    #expect(plot.series[0].points.count == corners.count)
    #expect(corners.allSatisfy { abs($0.offset) < $0.step && $0.finalStep < $0.step })
  }

  @Test func whatHasNoNumbersIsLeftOut() {
    // Nothing is shared: no paths, no drift.
    #expect(
      pictures(Records.all, case: 2).map(\.suffix)
        == ["steps", "remainder", "residual-w", "residual-v", "ratios"])
    // Shares of a gradient that is zero mean nothing.
    #expect(
      pictures(Records.vacuous).map(\.suffix)
        == ["steps", "remainder", "residual-w", "ratios", "drift"])
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
    let wrong = try #require(try picture("residual-w", of: Records.failing).plot as? HeatMap)
    #expect(wrong.threshold == 1)
    #expect(wrong.scale.spacing == .symmetricLog(linearBelow: 1))
    #expect(wrong.description.contains("24 of 24 entries lie beyond the bound"))
    #expect(
      try picture("residual-kernel", of: Records.all).explanation.contains(
        "no entry lies beyond its bound"))
    let table = try #require(
      MarkdownProbe(try picture("residual-w", of: Records.failing).table).tables.first)
    let counts: [Int] = table.rows[1].prefix(5).compactMap { Int($0) }
    #expect(counts.reduce(0, +) == 24)
    #expect(table.rows[1][3] == "24")
  }

  /// Two channels of the image and three features: six windows, every entry in its place, whichever way
  /// round the kernel is stored.
  @Test func aConvolutionsKernelIsDrawnAsWindows() throws {
    let convolution = CheckCase(name: "windows", model: "convolution", subjects: []) {
      let random = RandomSource(seed: 3)
      let tied: Chain<Double> = try Models.convolutionalAutoencoder(
        image: ImageShape(height: 3, width: 3, channels: 2), channels: [3],
        size: Extent(height: 2, width: 3), random: random)
      let input: Matrix<Double> = random.matrix(rows: 2, columns: 18)
      return ChainObjective(
        Network(tied.untied(), loss: .binaryCrossEntropy), input: input, target: input)
    }
    let record = Records.record([convolution])
    for (suffix, map) in zip(["w", "w-decoder"], record.cases[0].evidence.residuals) {
      let plot = try #require(try picture("residual-\(suffix)", of: record).plot as? HeatMap)
      #expect(plot.tile?.rows == 2 && plot.tile?.columns == 3)
      #expect(plot.rowLabel == "image channel" && plot.columnLabel == "feature channel")
      #expect(plot.values.count == 4 && plot.values.allSatisfy { $0.count == 9 })
      for c in 0..<2 {
        for (i, j) in [(0, 0), (0, 2), (1, 1)] {
          for f in 0..<3 {
            let element = (i * 3 + j) * 2 + c
            let ratio = suffix == "w" ? map.ratios[element][f] : map.ratios[f][element]
            #expect(plot.values[c * 2 + i][f * 3 + j] == ratio)
          }
        }
      }
    }
  }

  @Test func theSharesAreTheOnesThatWereMeasured() throws {
    let plot = try #require(try picture("paths", of: Records.all).plot as? BarChart)
    #expect(plot.categories == ["kernel through dense", "kernel through transposed_dense"])
    #expect(plot.series.map(\.values) == [Records.all.cases[0].tie.groups[0].paths.map(\.share)])
  }

  @Test func theTiedPairStaysAtZero() throws {
    let picture = try picture("drift", of: Records.all)
    let plot = try #require(picture.plot as? LinePlot)
    #expect(plot.horizontalLines.map(\.position) == [0])
    #expect(plot.y.scale == .linear)
    #expect(plot.series.map(\.name) == Records.all.cases[0].updates.optimizers.map(\.name))
    let table = try #require(MarkdownProbe(picture.table).tables.first)
    #expect(table.header == ["Optimizer"] + (0...5).map { "Step \($0)" })
    let pair = "kernel in dense and in transposed_dense"
    #expect(plot.subtitle == "a kernel for each use, all starting equal; compared: \(pair)")
    #expect(plot.description.contains("between \(pair), after"))
    #expect(picture.explanation.contains("compared are \(Markdown.text(pair))."))
  }

  /// Of many uses two are compared, and the picture says which.
  @Test func theDriftOfManyUsesSaysWhichAreCompared() throws {
    let record = try Records.recurrent(subjects: 1)
    let plot = try #require(try picture("drift", of: record).plot as? LinePlot)
    #expect(plot.subtitle?.hasSuffix("compared: W_x in rnn input 1 and in rnn input 2") == true)
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
