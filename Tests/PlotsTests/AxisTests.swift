import Foundation
import Testing

@testable import Plots

struct AxisTests {
  private func labels(_ mapping: AxisMapping) -> [String] { mapping.ticks.compactMap(\.label) }

  @Test func linearTicksAreRoundNumbers() {
    let mapping = AxisMapping(Axis(label: ""), fitting: [0.3, 9.7])
    #expect(mapping.ticks.map(\.coordinate) == [0, 2, 4, 6, 8, 10])
    #expect(labels(mapping) == ["0", "2", "4", "6", "8", "10"])
    #expect(mapping.lower == 0 && mapping.upper == 10)
  }

  @Test func tenthsCarryNoRoundingNoise() {
    let mapping = AxisMapping(Axis(label: ""), fitting: [0, 0.58])
    #expect(mapping.ticks.map(\.coordinate) == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    #expect(labels(mapping) == ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6"])
  }

  @Test func smallNumbersAreScientific() {
    let mapping = AxisMapping(Axis(label: ""), fitting: [0, 1e-6])
    #expect(
      labels(mapping) == ["0", "2×10⁻⁷", "4×10⁻⁷", "6×10⁻⁷", "8×10⁻⁷", "1.0×10⁻⁶"])
  }

  @Test func explicitRangeIsKept() {
    let mapping = AxisMapping(Axis(label: "", range: 0.5...2.25), fitting: [-100, 100])
    #expect(mapping.lower == 0.5 && mapping.upper == 2.25)
    #expect(mapping.ticks.map(\.coordinate) == [0.5, 1, 1.5, 2])
  }

  @Test func logTicksAreWholeDecades() {
    let mapping = AxisMapping(Axis(label: "", scale: .log10), fitting: [3e-4, 0.5])
    #expect(mapping.lower == -4 && mapping.upper == 0)
    #expect(labels(mapping) == ["10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰"])
    #expect(mapping.ticks.count == 5 + 4 * 8, "eight minor ticks per decade")
  }

  @Test func manyDecadesAreThinned() {
    let mapping = AxisMapping(Axis(label: "", scale: .log10), fitting: [1e-20, 1])
    #expect(labels(mapping) == ["10⁻¹⁸", "10⁻¹⁵", "10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "10⁰"])
    #expect(mapping.ticks.count == 21, "every decade keeps a tick")
  }

  @Test(arguments: 1...20) func everyNumberOfDecadesHasTwoToSevenLabels(decades: Int) {
    let mapping = AxisMapping(
      Axis(label: "", scale: .log10), fitting: [pow(10, -Double(decades)), 1])
    #expect((2...7).contains(labels(mapping).count))
  }

  @Test func oneDecadeIsLabelledAtTwoAndFive() {
    let mapping = AxisMapping(Axis(label: "", scale: .log10), fitting: [2e-3, 6e-3])
    #expect(labels(mapping) == ["10⁻³", "2×10⁻³", "5×10⁻³", "10⁻²"])
  }

  @Test func narrowExplicitLogRangeIsLabelledAtItsEnds() {
    let mapping = AxisMapping(Axis(label: "", scale: .log10, range: 3.1...3.4), fitting: [])
    #expect(labels(mapping) == ["3.1", "3.4"])
  }

  @Test func valuesFallWhereTheyBelong() {
    let log = AxisMapping(Axis(label: "", scale: .log10), fitting: [1e-4, 1])
    #expect(abs((log.locate(1e-3)?.fraction ?? .nan) - 0.25) < 1e-12)
    let linear = AxisMapping(Axis(label: "", range: 0...10), fitting: [])
    #expect(linear.locate(2.5) == AxisPosition(fraction: 0.25, isClipped: false))
    #expect(linear.locate(-1) == AxisPosition(fraction: 0, isClipped: true))
    #expect(linear.locate(11) == AxisPosition(fraction: 1, isClipped: true))
    #expect(linear.locate(.nan) == nil && linear.locate(.infinity) == nil)
  }

  @Test func zeroAndNegativeValuesFallToTheBottomOfALogAxis() {
    let mapping = AxisMapping(Axis(label: "", scale: .log10), fitting: [0, -3, 1e-2, 1])
    #expect(mapping.lower == -2, "they do not stretch the axis")
    #expect(mapping.locate(0) == AxisPosition(fraction: 0, isClipped: true))
    #expect(mapping.locate(-3) == AxisPosition(fraction: 0, isClipped: true))
  }

  @Test(arguments: [
    [], [.nan], [0], [7], [-7, -7], [1, 1.0.nextUp], [.leastNonzeroMagnitude], [-1e308, 1e308],
    [-.infinity, .infinity], [0, .leastNonzeroMagnitude], [1e15, 1e15 + 1],
  ])
  func degenerateDataStillGiveAnAxis(values: [Double]) {
    for scale in [AxisScale.linear, .log10] {
      for range in [nil, 2.0...2.0, -1.0...1.0] {
        let mapping = AxisMapping(Axis(label: "", scale: scale, range: range), fitting: values)
        #expect(mapping.lower.isFinite && mapping.upper.isFinite && mapping.lower < mapping.upper)
        #expect((2...10).contains(labels(mapping).count), "\(labels(mapping))")
        for tick in mapping.ticks {
          #expect((-1e-6...1 + 1e-6).contains(mapping.fraction(at: tick.coordinate)))
        }
      }
    }
  }
}
