import Foundation
import TextNotebook

// Turns notebooks into Swift:
//
//     notebook-tool notebook INPUT.txt OUTPUT.swift    one notebook
//     notebook-tool list OUTPUT.swift STEM...          the list of all of them

func say(_ message: String) { FileHandle.standardError.write(Data((message + "\n").utf8)) }

/// Says what is wrong as the compiler would, and stops the build.
func stop(_ message: String) -> Never {
  say(message)
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
    let name = url.lastPathComponent
    let data = try Data(contentsOf: url)
    let source: String
    do {
      try Notebook.checkName(name)
      source = NotebookCode.source(try Notebook(data, name: name), folder: "notebooks-txt")
    } catch let error as NotebookError {
      // Whoever runs another notebook, or builds the package, is not stopped by it.
      say("notebooks-txt/\(name):\(error.line): warning: \(error.sentence)")
      source = NotebookCode.stub(error)
    }
    try source.write(toFile: arguments[2], atomically: true, encoding: .utf8)
  }
} catch {
  stop("error: \(error)")
}
