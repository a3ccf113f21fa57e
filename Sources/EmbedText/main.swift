import Foundation

// Turns a text file into a Swift file with one string constant:
//
//     embed-text INPUT OUTPUT NAME
//
// SwiftPM's own embedInCode writes an array of bytes, which takes the compiler most of a minute for a
// file of 265 kB; one string takes it a quarter of a second.

let arguments = CommandLine.arguments
guard arguments.count == 4 else { fatalError("usage: embed-text INPUT OUTPUT NAME") }
let text = try String(contentsOfFile: arguments[1], encoding: .utf8)
precondition(
  !text.contains(##""""#"##) && !text.contains(##"\#"##) && !text.contains("\r"),
  "cannot be quoted: \(arguments[1])")
let source = """
  enum \(arguments[3]) {
  static let text = #\"""
  \(text)
  \"""#
  }

  """
try source.write(toFile: arguments[2], atomically: true, encoding: .utf8)
