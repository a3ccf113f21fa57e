/// What is wrong with what a program answered.
package enum PipeError: Error, Equatable, CustomStringConvertible {
  /// It does not speak this version of the protocol.
  case otherProtocol(String)
  /// The question, and how the answer began.
  case notAnAnswer(String, String)
  /// An answer to another question than the last.
  case outOfOrder(expected: Int, given: Int)
  /// The program said why it cannot answer.
  case refused(String, String)
  /// The question, what was given and what was expected.
  case malformed(String, String)
  /// An evaluation changed something, or drew random numbers: why, and the names of what.
  case notAFunction(String, changed: [String], draws: [String])
  /// The question needs a capability that the program does not have.
  case unable(String)

  /// Of what the program says of itself, no more than can be read.
  private func shown(_ text: String) -> String {
    plain(text, 2000, keeping: "\n\t") + (text.unicodeScalars.count > 2000 ? "..." : "")
  }

  /// A sentence that names the first few of them.
  private static func list(_ what: String, _ names: [String]) -> String {
    guard !names.isEmpty else { return "" }
    let more = names.count > 8 ? ", and \(names.count - 8) more" : ""
    return " \(what) \(names.prefix(8).joined(separator: ", "))\(more)."
  }

  package var description: String {
    switch self {
    case .otherProtocol(let given):
      "the program speaks \"\(shown(given))\"; expected \"\(PipeProtocol.version)\"."
    case .notAnAnswer(let question, let text):
      "the program answered the question \"\(question)\" with \"\(text)\"; expected one line of JSON "
        + "as the protocol has it. If that is something it prints, let it print to standard error."
    case .outOfOrder(let expected, let given):
      "the program answered question \(given) when question \(expected) was asked; expected each "
        + "answer before the next question, with the question's id."
    case .refused(let question, let reason):
      "the program did not answer the question \"\(question)\": \(shown(reason))"
    case .malformed(let question, let what):
      "the program's answer to the question \"\(question)\" is not what it should be: \(shown(what))."
    case .notAFunction(let reason, let changed, let draws):
      "the loss cannot be checked: \(shown(reason))"
        + Self.list("The evaluation itself changes", changed)
        + Self.list("Random numbers are drawn in", draws)
    case .unable(let capability):
      "the program cannot be asked: it does not list \"\(capability)\" in \"can\"."
    }
  }
}
