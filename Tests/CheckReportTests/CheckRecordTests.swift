import CheckReport
import Foundation
import GradientCheck
import Testing

struct CheckRecordTests {
  @Test func jsonComesBackTheSame() throws {
    for record in [
      Records.all, Records.failing, Records.notANumber, Records.vacuous, Records.directions,
    ] {
      let json = try record.json()
      let back = try CheckRecord(json: json)
      #expect(try back.json() == json)
      #expect(back.verdict == record.verdict)
    }
  }

  @Test func whatJSONHasNoNumberForComesBack() throws {
    let json = try Records.notANumber.json()
    let text = try #require(String(data: json, encoding: .utf8))
    #expect(text.contains("\"analytic\" : \"nan\""))
    let entry = try #require(
      CheckRecord(json: json).cases[0].gradient.parameters[0].worst.first)
    #expect(entry.analytic.isNaN)
    #expect(entry.verdict == .fail)

    let infinite = text.replacing("\"analytic\" : \"nan\"", with: "\"analytic\" : \"-inf\"")
    let back = try CheckRecord(json: Data(infinite.utf8))
    #expect(back.cases[0].gradient.parameters[0].worst[0].analytic == -.infinity)
    #expect(try back.json() == Data(infinite.utf8))
  }

  @Test func unknownKeysAreAllowed() throws {
    let text = try #require(String(data: Records.passing.json(), encoding: .utf8))
    let extended = text.replacing("\"seed\" :", with: "\"novelty\" : [1], \"seed\" :")
    #expect(extended != text)
    #expect(try CheckRecord(json: Data(extended.utf8)).json() == Data(text.utf8))
  }

  // MARK: The schema

  /// Every key that the schema names, with the path to it; "*" is each element of a list, which must
  /// not be empty.
  private static let schema: [(path: [String], keys: [String])] = [
    ([], ["schema", "tool", "seed", "command", "verdict", "cases"]),
    (["tool"], ["version", "gsl", "blas", "swift"]),
    (
      ["cases", "*"],
      [
        "name", "model", "verdict", "expected", "loss", "summary", "gradient", "tie", "updates",
        "diagnoses", "vacuous",
      ]
    ),
    (["cases", "*", "loss"], ["name", "value", "noise"]),
    (["cases", "*", "summary"], ["layers", "total_parameters", "sum_over_layers"]),
    (
      ["cases", "*", "summary", "layers", "*"],
      ["name", "type", "output_shape", "parameters", "shares_with"]
    ),
    (
      ["cases", "*", "gradient"],
      ["verdict", "estimator", "rtol", "evaluations", "sensitivity", "entries", "parameters"]
    ),
    (
      ["cases", "*", "gradient", "entries"],
      ["total", "pass", "fail", "inconclusive", "kink"]
    ),
    (
      ["cases", "*", "gradient", "parameters", "*"],
      ["name", "shape", "verdict", "max_relative_error", "rms", "sensitivity", "worst"]
    ),
    (
      ["cases", "*", "gradient", "parameters", "*", "worst", "*"],
      ["index", "analytic", "numeric", "bound", "step", "verdict", "reason"]
    ),
    (["cases", "*", "tie"], ["verdict", "groups"]),
    (
      ["cases", "*", "tie", "groups", "*"],
      ["parameter", "uses", "paths", "sum_rule", "identity", "follows"]
    ),
    (["cases", "*", "tie", "groups", "*", "uses", "*"], ["layer", "transposed"]),
    (["cases", "*", "tie", "groups", "*", "paths", "*"], ["layer", "norm", "share"]),
    (["cases", "*", "tie", "groups", "*", "sum_rule"], ["verdict", "max_relative_error"]),
    (["cases", "*", "tie", "groups", "*", "identity"], ["verdict"]),
    (["cases", "*", "tie", "groups", "*", "follows", "*"], ["layer", "verdict"]),
    (["cases", "*", "updates"], ["verdict", "optimizers"]),
    (
      ["cases", "*", "updates", "optimizers", "*"],
      ["name", "steps", "verdict", "max_difference", "state_slots", "through"]
    ),
    (
      ["cases", "*", "updates", "optimizers", "*", "through", "*"],
      ["layer", "predicted", "moved", "verdict"]
    ),
    (
      ["cases", "*", "diagnoses", "*"],
      ["id", "parameter", "coefficient", "coefficient_error", "explained", "sentence"]
    ),
  ]

  private func objects(_ root: Any, at path: [String]) throws -> [[String: Any]] {
    guard let key = path.first else { return [try #require(root as? [String: Any])] }
    let rest = Array(path.dropFirst())
    if key == "*" {
      let list = try #require(root as? [Any])
      #expect(!list.isEmpty)
      return try list.flatMap { try objects($0, at: rest) }
    }
    let object = try #require(root as? [String: Any])
    return try objects(try #require(object[key], "no key \(key)"), at: rest)
  }

  @Test func everyKeyOfTheSchemaIsThere() throws {
    let root = try JSONSerialization.jsonObject(with: Records.failing.json())
    for (path, keys) in Self.schema {
      for object in try objects(root, at: path) {
        for key in keys {
          #expect(object[key] != nil, "\(path.joined(separator: ".")) has no key \(key)")
        }
      }
    }
    let top = try #require(root as? [String: Any])
    #expect(top["schema"] as? String == "tiecheck-result/1")
    let zero = try JSONSerialization.jsonObject(with: Records.vacuous.json())
    for object in try objects(zero, at: ["cases", "*", "vacuous", "*"]) {
      #expect(object["hypothesis"] != nil && object["effect_over_sensitivity"] != nil)
    }
  }

  /// An entry is encoded by hand, so that a property added to it later could be forgotten.
  @Test func everyPropertyOfAnEntryIsWritten() throws {
    let entry = Records.failing.cases[0].gradient.parameters[0].worst[0]
    let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(entry))
    let written = try #require(json as? [String: Any]).count
    let absent = [entry.secondNumeric == nil, entry.secondBound == nil, entry.kink == nil]
      .count { $0 }
    #expect(written == Mirror(reflecting: entry).children.count - absent)
  }

  // MARK: The verdict

  @Test func aWrongModelThatIsFoundOutCountsAsPassed() {
    #expect(Records.all.verdict == .pass)
    #expect(Records.failing.verdict == .fail)
  }

  @Test func aRightModelThatWasExpectedToFailIsAFailure() {
    let right = CheckCase(
      name: "right", model: "m", expected: .fail, subjects: [],
      makeObjective: Records.tied.makeObjective)
    #expect(Records.record([right]).verdict == .fail)
  }
}
