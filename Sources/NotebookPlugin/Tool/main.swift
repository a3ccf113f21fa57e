import Foundation
import TextNotebook

// Turns notebooks into Swift:
//
//     notebook-tool notebook INPUT.txt OUTPUT.swift    one notebook
//     notebook-tool list OUTPUT.swift STEM...          the list of all of them

/// Says what is wrong as the compiler would, and stops the build.
func stop(_ message: String) -> Never {
  FileHandle.standardError.write(Data((message + "\n").utf8))
  exit(1)
}

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 2 else {
  stop("usage: notebook-tool notebook INPUT OUTPUT | list OUTPUT STEM...")
}
do {
  if arguments[0] == "list" {
    try NotebookCode.list(Array(arguments.dropFirst(2)))
      .write(toFile: arguments[1], atomically: true, encoding: .utf8)
  } else {
    let url = URL(fileURLWithPath: arguments[1])
    guard Notebook.isName(url.lastPathComponent) else {
      stop(
        "notebooks-txt/\(url.lastPathComponent):1: error: a notebook's file name has letters, digits, "
          + "'-', '_' and '.' only. Rename the file.")
    }
    let notebook = try Notebook(Data(contentsOf: url), name: url.lastPathComponent)
    try NotebookCode.source(notebook, folder: "notebooks-txt")
      .write(toFile: arguments[2], atomically: true, encoding: .utf8)
  }
} catch let error as NotebookError {
  stop("notebooks-txt/\(error.notebook):\(error.line): error: \(error.sentence)")
} catch {
  stop("error: \(error)")
}
