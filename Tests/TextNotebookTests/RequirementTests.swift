import Foundation
import Testing

@testable import TextNotebook

@Suite struct RequirementTests {
  private let path = ProcessInfo.processInfo.environment["PATH", default: ""].split(separator: ":")
    .map(String.init)

  @Test func programs() {
    #expect(Requirement("sh").missing(from: ["/bin"]) == nil)
    #expect(Requirement("sh").missing(from: []) == "sh is not on PATH")
    #expect(Requirement("no-such-program").missing(from: path) == "no-such-program is not on PATH")
  }

  @Test func modulesOfPython() throws {
    guard Requirement("python3").missing(from: path) == nil else { return }
    #expect(Requirement("python3:json").missing(from: path) == nil)
    #expect(
      Requirement("python3:no_such_module").missing(from: path)
        == "python3 has no module no_such_module")
  }

  @Test func names() {
    #expect(Requirement.isName("python3") && Requirement.isName("python3:torch.nn"))
    for text in ["", ":", "a:", ":b", "a:b:c", "-x", "a b", "../a", "a:-c"] {
      #expect(!Requirement.isName(text), "\(text)")
    }
  }
}
