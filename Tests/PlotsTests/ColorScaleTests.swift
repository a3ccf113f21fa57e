import Testing

@testable import Plots

struct ColorScaleTests {
  @Test func theEndsHaveTheEndColours() {
    let scale = ColorScale(.sequential)
    #expect(scale.color(level: 0) == "#440154")
    #expect(scale.color(level: ColorScale.levelCount - 1) == "#fde725")
    #expect(scale.color(level: -5) == scale.color(level: 0))
    #expect(ColorScale(.diverging).color(level: 999) == "#7a2a04")
  }

  @Test func linearValuesAreSpacedEvenly() {
    let mapping = ColorMapping(ColorScale(range: 0...4), fitting: [])
    #expect(mapping.fraction(of: 1) == 0.25)
    #expect(mapping.fraction(of: 9) == 1 && mapping.fraction(of: -9) == 0)
    #expect(mapping.fraction(of: .infinity) == 1)
    #expect(mapping.fraction(of: .nan) == nil && mapping.level(of: .nan) == nil)
  }

  @Test func theWidestRangeDoesNotOverflow() {
    let widest = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    let mapping = ColorMapping(ColorScale(range: widest), fitting: [])
    #expect(mapping.fraction(of: 0) == 0.5)
    #expect(mapping.level(of: .infinity) == ColorScale.levelCount - 1)
  }

  @Test func divergingColoursAreCentredOnZero() {
    let mapping = ColorMapping(ColorScale(.diverging), fitting: [-1, 5])
    #expect(mapping.range == -5...5)
    #expect(mapping.fraction(of: 0) == 0.5)
  }

  @Test func symmetricLogGivesEachDecadeOneStep() throws {
    // One step from 0 to 10⁻³, then nine decades up to 10⁶: ten equal steps.
    let scale = ColorScale(spacing: .symmetricLog(linearBelow: 1e-3), range: 0...1e6)
    let mapping = ColorMapping(scale, fitting: [])
    for (value, steps) in [(0, 0.0), (5e-4, 0.5), (1e-3, 1), (1e-2, 2), (1, 4), (1e6, 10)] {
      #expect(abs(try #require(mapping.fraction(of: value)) - steps / 10) < 1e-9)
    }
    #expect(
      mapping.ticks.map(\.label) == [
        "0", "10⁻³", "10⁻²", "10⁻¹", "10⁰", "10¹", "10²", "10³", "10⁴", "10⁵", "10⁶",
      ])
  }

  @Test func symmetricLogIsOddAndItsTicksStayInside() throws {
    let scale = ColorScale(.diverging, spacing: .symmetricLog(linearBelow: 1))
    let mapping = ColorMapping(scale, fitting: [-300, 2])
    for value in [0.5, 3, 250.0] {
      let sum = try #require(mapping.fraction(of: value)) + #require(mapping.fraction(of: -value))
      #expect(abs(sum - 1) < 1e-12)
    }
    #expect(mapping.ticks.allSatisfy { (0.0...1).contains($0.fraction) })
    #expect(mapping.ticks.map(\.label).contains("−10²"))
  }

  @Test(arguments: [
    [], [.nan], [0], [3, 3], [-1e308, 1e308], [.infinity], [0, .leastNonzeroMagnitude],
  ])
  func degenerateValuesStillGiveAScale(values: [Double]) {
    for colors in [ColorScale.Colors.sequential, .diverging] {
      for spacing in [ColorScale.Spacing.linear, .symmetricLog(linearBelow: 0)] {
        let mapping = ColorMapping(ColorScale(colors, spacing: spacing), fitting: values)
        #expect(mapping.range.lowerBound < mapping.range.upperBound)
        for value in values where !value.isNaN {
          #expect((0...1).contains(mapping.fraction(of: value) ?? .nan))
        }
      }
    }
  }
}
