import CheckReport
import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Grades with everything in them that formats must tell apart.
enum Grades {
  static let errors = [
    CompilerError(
      file: "A.swift", line: 12, column: 5, message: "cannot find 'x' in \"scope\" <y> & z")
  ]

  static func check(
    _ exercise: String, _ name: String, _ outcome: CheckGrade.Outcome, points: Int = 2,
    sentence: String = "said", message: String = "", isHidden: Bool = false
  ) -> CheckGrade {
    CheckGrade(
      exercise: exercise, title: "Title of \(exercise)", check: name, outcome: outcome,
      points: points, sentence: sentence, message: message, isHidden: isHidden)
  }

  static let mixed = SubmissionGrade(
    name: "ada & <co>",
    checks: [
      check("a", "kernel", .passed, points: 3),
      check(
        "a", "bias", .failed, sentence: "wrong", message: "FAIL  a: bias\n  1 < 2 & \u{1}\n  ]]>"),
      check("b", "one", .unanswered, sentence: "no answer"),
      check("c", "x", .notCompiled, sentence: "\(errors[0])"),
      check("d", "secret", .failed, sentence: "SECRET", message: "SECRET", isHidden: true),
    ], compilerErrors: errors, remarks: ["B.swift is missing."])
  static let all = SubmissionGrade(
    name: "bob", checks: [check("a", "kernel", .passed, points: 3), check("a", "bias", .passed)])
  static let broken = SubmissionGrade(
    name: "eve", checks: [check("a", "kernel", .notCompiled), check("a", "bias", .notCompiled)],
    compilerErrors: errors)
  static let ungraded = SubmissionGrade(
    name: "=SUM(A1)", checks: [check("a", "kernel", .notGraded, sentence: "no \"disk\", sorry")])

  static let record = GradeRecord(
    seed: 7, command: "tiecheck grade x", submissions: [mixed, all, broken, ungraded])
}

/// What of JSON Schema the published formats need: types, required and allowed keys, values to choose from,
/// items and ranges.
struct JSONShape {
  indirect enum Kind {
    case string(oneOf: [String]? = nil)
    case number(ClosedRange<Double>? = nil)
    case integer
    case boolean
    case array(Kind)
    case object([String: (kind: Kind, isRequired: Bool)])
  }

  /// What is wrong with a value, each with its place; empty where nothing is.
  static func flaws(_ data: Data, _ kind: Kind) -> [String] {
    guard let value = try? JSONSerialization.jsonObject(with: data) else { return ["not JSON"] }
    return flaws(value, kind, "$")
  }

  private static func flaws(_ value: Any, _ kind: Kind, _ place: String) -> [String] {
    let number = value as? NSNumber
    // A JSON true is a number to Foundation as well.
    let isBoolean = number.map { String(cString: $0.objCType) == "c" } ?? false
    switch kind {
    case .string(let values):
      guard let text = value as? String else { return ["\(place) is no string"] }
      return values.map { $0.contains(text) } ?? true ? [] : ["\(place) is \(text)"]
    case .number(let range):
      guard let number, !isBoolean else { return ["\(place) is no number"] }
      return range.map { $0.contains(number.doubleValue) } ?? true ? [] : ["\(place) is \(number)"]
    case .integer:
      guard let number, !isBoolean, number.doubleValue == number.doubleValue.rounded() else {
        return ["\(place) is no integer"]
      }
      return []
    case .boolean: return isBoolean ? [] : ["\(place) is no boolean"]
    case .array(let items):
      guard let values = value as? [Any] else { return ["\(place) is no array"] }
      return values.enumerated().flatMap { flaws($1, items, "\(place)[\($0)]") }
    case .object(let keys):
      guard let values = value as? [String: Any] else { return ["\(place) is no object"] }
      let missing = keys.filter { $1.isRequired && values[$0] == nil }.map {
        "\(place).\($0.key) is missing"
      }
      return missing.sorted()
        + values.sorted { $0.key < $1.key }.flatMap { key, value in
          keys[key].map { flaws(value, $0.kind, "\(place).\(key)") } ?? [
            "\(place).\(key) is unknown"
          ]
        }
    }
  }
}

/// Holds XML to what junit-10.xsd of Jenkins's xunit plugin says of its elements: which attributes each may
/// and must have, which elements it may hold, and whether it may hold text.
final class JUnitSchema: NSObject, XMLParserDelegate {
  private struct Element {
    var required: [String] = []
    var allowed: [String] = []
    var children: [String] = []
    var hasText = false
  }

  private static let elements: [String: Element] = [
    "testsuites": .init(
      allowed: ["name", "time", "tests", "failures", "errors"], children: ["testsuite"]),
    "testsuite": .init(
      required: ["name", "tests", "failures", "errors"],
      allowed: [
        "group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url",
      ], children: ["testsuite", "properties", "testcase", "system-out", "system-err"]),
    "testcase": .init(
      required: ["name"], allowed: ["time", "classname", "group"],
      children: [
        "skipped", "error", "failure", "rerunFailure", "rerunError", "flakyFailure", "flakyError",
        "system-out", "system-err",
      ]),
    "failure": .init(allowed: ["type", "message"], hasText: true),
    "error": .init(allowed: ["type", "message"], hasText: true),
    "skipped": .init(allowed: ["type", "message"], hasText: true),
    "properties": .init(children: ["property"]),
    "property": .init(required: ["name", "value"]),
    "system-out": .init(hasText: true),
    "system-err": .init(hasText: true),
  ]

  private var open: [String] = []
  private(set) var flaws: [String] = []
  private(set) var counts: [String: Int] = [:]
  private(set) var attributes: [[String: String]] = []

  init(_ text: String) {
    super.init()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = self
    if !parser.parse() { flaws.append("not well-formed, line \(parser.lineNumber)") }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    counts[name, default: 0] += 1
    self.attributes.append(attributes)
    defer { open.append(name) }
    guard let element = Self.elements[name] else { return flaws.append("<\(name)> is unknown") }
    let isAllowed = open.last.map { Self.elements[$0]?.children.contains(name) == true }
    if !(isAllowed ?? (name == "testsuites" || name == "testsuite")) {
      flaws.append("<\(name)> in <\(open.last ?? "")>")
    }
    for key in attributes.keys where !(element.required + element.allowed).contains(key) {
      flaws.append("<\(name)> has \(key)")
    }
    for key in element.required where attributes[key] == nil {
      flaws.append("<\(name)> has no \(key)")
    }
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) { open.removeLast() }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    if Self.elements[open.last ?? ""]?.hasText != true, text.contains(where: { !$0.isWhitespace }) {
      flaws.append("text in <\(open.last ?? "")>")
    }
  }
}
