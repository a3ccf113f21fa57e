import Foundation
import GradientCheck

/// A folder in which tests leave what they found, one file for each check, and from which a report
/// is made.
///
/// Nothing in it is ever half-written: a file is written beside its place and then renamed. A check
/// first leaves a record that says it began and did not end, and replaces it when it ends: what took
/// the process down is in the report. Names are unique, so that tests and processes may run side by
/// side. What an earlier `swift test` said of the same check is removed.
package struct ResultsFolder: Sendable {
  /// As sentences call it.
  package let path: String
  private let url: URL

  /// - Parameter url: where it is, if not at `path` from the process's own working folder.
  package init(_ path: String, at url: URL? = nil) {
    self.path = path
    self.url = url ?? URL(fileURLWithPath: path, isDirectory: true)
  }

  // MARK: Writing

  /// A check that has begun.
  package struct Entry: Sendable {
    fileprivate let file: URL

    /// Replaces the record of a check that did not end.
    package func write(_ record: CheckRecord) throws {
      try record.json().write(to: file, options: .atomic)
    }
  }

  /// Makes the folder where it is missing, and leaves word that a check has begun.
  package func begin(_ name: String, _ origin: TestOrigin, command: String, seed: UInt64) throws
    -> Entry
  {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    let stem = Self.stem(name, origin)
    removeEarlier(stem, run: origin.run)
    let entry = Entry(
      file: url.appendingPathComponent("\(stem).\(origin.run).\(UUID().uuidString).json"))
    try entry.write(
      CheckRecord(
        seed: seed, command: command, cases: [],
        broken: [
          BrokenCheck(
            name: name, place: origin.place,
            sentence: "It began and did not end: the process ended in it.")
        ], origin: origin))
    return entry
  }

  /// The same for every run of the same check: readable, and unique by a hash.
  private static func stem(_ name: String, _ origin: TestOrigin) -> String {
    let whole = "\(origin.file) \(origin.function) \(name)"
    let readable = whole.unicodeScalars.map { scalar in
      scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
        ? Character(scalar) : "-"
    }
    return "\(String(readable.prefix(80)))-\(hash(whole))"
  }

  /// FNV-1a, 64 bits: the same in every process, which Swift's own hash is not.
  package static func hash(_ text: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16)
  }

  private static let start = Date()

  /// Removes what other runs said of a check before this process began.
  private func removeEarlier(_ stem: String, run: String) {
    let files = FileManager.default
    for name in (try? files.contentsOfDirectory(atPath: url.path)) ?? []
    where name.hasPrefix("\(stem).") && !name.hasPrefix("\(stem).\(run).") {
      let file = url.appendingPathComponent(name)
      let attributes = try? files.attributesOfItem(atPath: file.path)
      if let date = attributes?[.modificationDate] as? Date, date < Self.start {
        try? files.removeItem(at: file)
      }
    }
  }

  // MARK: Reading

  /// One record of everything in the folder and its subfolders, in the order of the tests' files and
  /// lines, whatever order they ran in. Files that are no records are passed over.
  /// - Parameter command: the command that reads.
  /// - Throws: `ResultsFolderError`.
  package func record(command: String) throws -> CheckRecord {
    var records: [(path: String, json: Data, record: CheckRecord)] = []
    for file in try files() {
      let json: Data
      do {
        json = try Data(contentsOf: file.url)
      } catch {
        throw ResultsFolderError.unreadable(file.path)
      }
      if let record = try Self.decode(json, file.path) { records.append((file.path, json, record)) }
    }
    guard !records.isEmpty else { throw ResultsFolderError.empty(path) }
    records.sort { a, b in
      switch (a.record.origin, b.record.origin) {
      case (nil, nil): a.path < b.path
      case (nil, _?): true
      case (_?, nil): false
      case (let x?, let y?):
        x.precedes(y)
          || (!y.precedes(x) && Self.text(a.record).lexicographicallyPrecedes(Self.text(b.record)))
      }
    }
    let seed = records[0].record.seed
    return CheckRecord(
      seed: seed, command: command,
      cases: records.flatMap { $0.record.cases },
      broken: records.flatMap { $0.record.broken ?? [] }, tool: records[0].record.tool)
  }

  /// What a record says, without who ran it: the order of checks at one place.
  private static func text(_ record: CheckRecord) -> [UInt8] {
    let anonymous = CheckRecord(
      seed: record.seed, command: record.command, cases: record.cases, broken: record.broken ?? [])
    return [UInt8]((try? anonymous.json()) ?? Data())
  }

  func files() throws -> [(path: String, url: URL)] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw ResultsFolderError.missing(path)
    }
    guard isFolder.boolValue else { throw ResultsFolderError.notAFolder(path) }
    let names = try? FileManager.default.subpathsOfDirectory(atPath: url.path)
    guard let names else { throw ResultsFolderError.unreadable(path) }
    return names.sorted().filter { name in
      name.hasSuffix(".json") && !name.split(separator: "/").contains { $0.hasPrefix(".") }
    }.map { ($0, url.appendingPathComponent($0)) }
  }

  /// nil for JSON that is something else.
  private static func decode(_ json: Data, _ path: String) throws -> CheckRecord? {
    struct Schema: Decodable { let schema: String? }
    guard let schema = try? JSONDecoder().decode(Schema.self, from: json).schema,
      schema.hasPrefix("tiecheck-result/")
    else { return nil }
    guard schema == CheckRecord.currentSchema else {
      throw ResultsFolderError.unknownSchema(path, schema)
    }
    do {
      return try CheckRecord(json: json)
    } catch {
      throw ResultsFolderError.malformed(path, "\(error)")
    }
  }
}

/// Why no record could be made of a folder.
package enum ResultsFolderError: Error, CustomStringConvertible {
  case missing(String)
  case notAFolder(String)
  case unreadable(String)
  case empty(String)
  case unknownSchema(String, String)
  case malformed(String, String)

  /// It could be read, and is not what it should be.
  package var isAboutContents: Bool {
    switch self {
    case .missing, .notAFolder, .unreadable: false
    case .empty, .unknownSchema, .malformed: true
    }
  }

  package var description: String {
    switch self {
    case .missing(let path):
      "the results folder \(path) does not exist. 'TIECHECK_RESULTS=\(path) swift test' makes it."
    case .notAFolder(let path): "\(path) is a file; expected the folder that tests wrote into."
    case .unreadable(let path): "\(path) cannot be read."
    case .empty(let path):
      "there are no results in \(path). 'TIECHECK_RESULTS=\(path) swift test' writes some."
    case .unknownSchema(let path, let schema):
      "\(path) has the schema \(schema); expected \(CheckRecord.currentSchema). It was written by "
        + "another version of tiecheck: run the tests again."
    case .malformed(let path, let reason):
      "\(path) is not a record of tiecheck's: \(reason). Remove it, and run the tests again."
    }
  }
}
