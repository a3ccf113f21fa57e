import Foundation
import Testing

@testable import CourseGrading

@Suite struct NamedSubmissionTests {
  @Test func aNameIsTheLastPartOfThePathWhereNoOtherHasIt() {
    let named = NamedSubmission.all(["a/ada", "b/eve", "c/eve/"]) {
      URL(fileURLWithPath: "/all").appendingPathComponent($0)
    }
    #expect(named.map(\.name) == ["ada", "b/eve", "c/eve/"])
    #expect(named.map(\.folder.path) == ["/all/a/ada", "/all/b/eve", "/all/c/eve"])
  }

  @Test func everySubmissionIsInOneShard() {
    let all = Array(0..<10)
    let parts = (1...3).map { Shard(number: $0, count: 3).part(of: all) }
    #expect(parts.flatMap { $0 }.sorted() == all && parts.map(\.count) == [4, 3, 3])
  }
}
