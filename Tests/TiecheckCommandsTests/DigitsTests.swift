import Testing

@testable import TiecheckCommands

@Suite struct DigitsTests {
  @Test func imagesWithoutTheirLabels() throws {
    let images = try Digits.intensities()
    #expect(images.shape == [1797, 64])
    // The first image is a zero: 0, 0, 5, 13, 9, 1, 0, 0 is its first row of pixels.
    #expect((0..<8).map { images[0, $0] * 16 } == [0, 0, 5, 13, 9, 1, 0, 0])
    #expect(images.elements.allSatisfy { (0...1).contains($0) })
    #expect(images.elements.max() == 1)
  }
}
