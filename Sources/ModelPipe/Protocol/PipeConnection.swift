import Foundation

/// Whatever answers a line with a line.
package protocol LineExchange: AnyObject {
  /// Sends a line and gives the one that comes back, no longer than `limit` bytes.
  func exchange(_ message: Data, limit: Int?) throws -> Data
  /// Ends it at once.
  @discardableResult func end() -> ChildProcess.Ending
  /// Lets it end by itself, after a last line.
  @discardableResult func finish(_ message: Data?, within seconds: Double) -> ChildProcess.Ending
}

/// Questions to a program and its answers, one at a time.
final class PipeConnection {
  private let process: any LineExchange
  private var id = 0

  init(_ process: any LineExchange) { self.process = process }

  /// - Parameter numbers: how many numbers the answer should hold; far more are not read.
  func ask(
    _ question: PipeRequest.Ask, numbers: Int, _ fill: (inout PipeRequest) -> Void = { _ in }
  ) throws -> PipeAnswer {
    let line = try exchange(question, limit: 65536 + 64 * numbers, fill)
    let answer = try decode(PipeAnswer.self, from: line, to: question)
    guard answer.id == id else { throw stop(PipeError.outOfOrder(expected: id, given: answer.id)) }
    guard let error = answer.error else { return answer }
    let tensors = (answer.changed ?? []) + (answer.draws ?? [])
    guard tensors.isEmpty else {
      throw PipeError.notAFunction(
        oneLine(error, 300), changed: (answer.changed ?? []).map { oneLine($0, 300) },
        draws: (answer.draws ?? []).map { oneLine($0, 300) })
    }
    throw refusal(question, error)
  }

  func describe() throws -> PipeDescription {
    struct Envelope: Decodable {
      var id: Int
      var error: String?
      var `protocol`: String?
    }
    let question = PipeRequest.Ask.describe
    let line = try exchange(question, limit: nil) { $0.protocol = PipeProtocol.version }
    let envelope = try decode(Envelope.self, from: line, to: question)
    guard envelope.id == id else {
      throw stop(PipeError.outOfOrder(expected: id, given: envelope.id))
    }
    if let error = envelope.error { throw stop(refusal(question, error)) }
    guard envelope.protocol == PipeProtocol.version else {
      throw stop(PipeError.otherProtocol(envelope.protocol ?? "nothing"))
    }
    return try decode(PipeDescription.self, from: line, to: question)
  }

  /// Says goodbye and ends the program.
  func close() {
    id += 1
    process.finish(try? PipeJSON.encode(PipeRequest(id: id, ask: .bye)), within: 2)
  }

  private func exchange(
    _ question: PipeRequest.Ask, limit: Int?, _ fill: (inout PipeRequest) -> Void
  ) throws -> Data {
    id += 1
    var request = PipeRequest(id: id, ask: question)
    fill(&request)
    return try process.exchange(PipeJSON.encode(request), limit: limit)
  }

  private func decode<T: Decodable>(
    _ type: T.Type, from line: Data, to question: PipeRequest.Ask
  ) throws -> T {
    do {
      return try PipeJSON.decode(type, from: line)
    } catch let error as DecodingError {
      throw stop(Self.explain(error, line, question.rawValue))
    }
  }

  /// What a program says for itself, in one line and in characters that a terminal only shows.
  func refusal(_ question: PipeRequest.Ask, _ reason: String) -> PipeError {
    .refused(question.rawValue, oneLine(reason, 300))
  }

  /// A program that speaks nonsense is not asked again.
  func stop(_ error: PipeError) -> PipeError {
    process.end()
    return error
  }

  private static func explain(_ error: DecodingError, _ line: Data, _ question: String) -> PipeError
  {
    func path(_ keys: [any CodingKey]) -> String {
      keys.reduce("") { path, key in
        key.intValue.map { "\(path)[\($0)]" } ?? (path.isEmpty ? "" : path + ".") + key.stringValue
      }
    }
    switch error {
    case .keyNotFound(let key, let context):
      return .malformed(question, "\"\(path(context.codingPath + [key]))\" is missing")
    case .typeMismatch(_, let context) where !context.codingPath.isEmpty,
      .valueNotFound(_, let context) where !context.codingPath.isEmpty:
      return .malformed(question, "\"\(path(context.codingPath))\" has another type than expected")
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      return .malformed(question, "\"\(path(context.codingPath))\": \(context.debugDescription)")
    default: return .notAnAnswer(question, excerpt(line))
    }
  }
}
