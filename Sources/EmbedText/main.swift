import Foundation

// Turns text files into a Swift file:
//
//     embed-text NAME OUTPUT FILE                one string constant, NAME.text
//     embed-text NAME OUTPUT FOLDER/ FILE...     NAME.files: (path below the folder, text), in order
//
// SwiftPM's own embedInCode writes an array of bytes, which takes the compiler most of a minute for a
// file of 265 kB; one string takes it a quarter of a second.

let arguments = CommandLine.arguments
guard arguments.count >= 4 else { fatalError("usage: embed-text NAME OUTPUT [FOLDER/] FILE...") }
let (name, output, inputs) = (arguments[1], arguments[2], arguments.dropFirst(3))

func literal(_ path: String) throws -> String {
  let text = try String(contentsOfFile: path, encoding: .utf8)
  precondition(
    !text.contains(##""""#"##) && !text.contains(##"\#"##) && !text.contains("\r"),
    "cannot be quoted: \(path)")
  return "#\"\"\"\n\(text)\n\"\"\"#"
}

let constant: String
if let folder = inputs.first, folder.hasSuffix("/") {
  let files = try inputs.dropFirst().map { path in
    precondition(path.hasPrefix(folder), "\(path) is not below \(folder)")
    return "(path: \"\(path.dropFirst(folder.count))\", text: \(try literal(path)))"
  }
  constant = "static let files = [\n\(files.joined(separator: ",\n"))\n]"
} else {
  constant = "static let text = \(try literal(inputs.first!))"
}
try "enum \(name) {\n\(constant)\n}\n".write(toFile: output, atomically: true, encoding: .utf8)
