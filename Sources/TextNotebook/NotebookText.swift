import Foundation

/// The lines of a notebook's file: bytes that every editor shows as the same text.
enum NotebookText {
  /// A notebook is written and read by people; nothing of this size is.
  static let limit = 1 << 20

  /// - Parameter name: of the file, for errors.
  /// - Returns: the lines without their ends.
  /// - Throws: `NotebookError` for bytes that are not UTF-8, tabs, carriage returns and other control
  ///   characters, a last line without an end, and for files that are empty or too large.
  static func lines(_ data: Data, name: String) throws -> [String] {
    func error(_ offset: Int, _ sentence: String) -> NotebookError {
      NotebookError(
        notebook: name, line: 1 + data.prefix(offset).count { $0 == UInt8(ascii: "\n") },
        sentence: sentence)
    }
    guard data.count <= limit else {
      throw error(
        limit,
        "here the first \(limit >> 20) MiB end, and a notebook has no more (the file has "
          + "\((data.count + (1 << 20) - 1) >> 20) MiB). Split it, or write less.")
    }
    guard !data.isEmpty else {
      throw error(0, "the notebook is empty. Begin with a title at the start of the line.")
    }
    if data.starts(with: [0xEF, 0xBB, 0xBF]) {
      throw error(0, "the file begins with a byte order mark. Save it as UTF-8 without one.")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      let offset = firstInvalidByte(data)
      let byte = "0x" + String(data[data.startIndex + offset], radix: 16, uppercase: true)
      throw error(offset, "the byte \(byte) is not UTF-8. Save the file as UTF-8.")
    }
    if let offset = data.firstIndex(where: { ($0 < 0x20 && $0 != 0x0A) || $0 == 0x7F }) {
      let byte = data[offset]
      throw error(offset - data.startIndex, complaint(about: byte))
    }
    guard data.last == 0x0A else {
      throw error(
        data.count, "the last line has no end: the file stops in it. Add a line break (Return).")
    }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines.removeLast()
    return lines
  }

  private static func complaint(about byte: UInt8) -> String {
    switch byte {
    case 0x09: "a tab. Indent with spaces; a cell's body with two."
    case 0x0D: "the line ends with a carriage return (as files from Windows do). Save with LF ends."
    default:
      "the control character 0x\(String(byte, radix: 16, uppercase: true)). Only text is expected."
    }
  }

  /// Where the longest valid beginning ends.
  private static func firstInvalidByte(_ data: Data) -> Int {
    var decoder = UTF8()
    var bytes = data.makeIterator()
    var offset = 0
    while case .scalarValue(let scalar) = decoder.decode(&bytes) {
      offset += UTF8.width(scalar)
    }
    return min(offset, data.count - 1)
  }
}
