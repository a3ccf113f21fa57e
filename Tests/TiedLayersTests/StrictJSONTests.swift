import Foundation
import Testing

@testable import TiedLayers

@Suite("StrictJSON")
struct StrictJSONTests {
  @Test(
    "a comma before a closing bracket is found, and in a text it is none",
    arguments: [
      ("[1, 2, ]", true), ("{\"a\": 1,\n}", true), ("[[1,2],[3,4],]", true), ("[1,2]", false),
      ("{\"a,]\": \",}\"}", false), ("[\"\\\",]\"]", false), ("[\"\\\\\",]", true), ("[,1]", false),
    ])
  func trailingCommas(json: String, isThere: Bool) {
    #expect(StrictJSON.hasTrailingComma(Data(json.utf8)) == isThere)
  }
}
