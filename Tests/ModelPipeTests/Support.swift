import Foundation
import GSLKit
import GradientCheck
import TiedLayers
import TiedModels

@testable import ModelPipe

/// A server in this very process, with every line it was given and gave.
final class Loopback: LineExchange {
  let server: PipeServer
  private(set) var questions: [String] = []
  private(set) var answers: [String] = []
  private(set) var isEnded = false

  /// What becomes of an answer on its way.
  private let edit: (String) -> String

  init(_ server: PipeServer, edit: @escaping (String) -> String = { $0 }) {
    self.server = server
    self.edit = edit
  }

  func exchange(_ message: Data, limit: Int?) throws -> Data {
    questions.append(String(decoding: message, as: UTF8.self))
    guard let answer = try server.answer(message) else {
      throw ChildProcessError.ended(.exited(0))
    }
    let edited = edit(String(decoding: answer, as: UTF8.self))
    answers.append(edited)
    if let limit, edited.utf8.count > limit { throw ChildProcessError.tooMuch(limit) }
    return Data(edited.utf8)
  }

  func end() -> ChildProcess.Ending {
    isEnded = true
    return .signalled(9)
  }

  func finish(_ message: Data?, within seconds: Double) -> ChildProcess.Ending {
    isEnded = true
    return .exited(0)
  }
}

/// Says what it was told to, whatever is asked.
final class Script: LineExchange {
  private var lines: [String]
  private(set) var isEnded = false

  init(_ lines: String...) { self.lines = lines }

  func exchange(_ message: Data, limit: Int?) throws -> Data {
    guard !lines.isEmpty else { throw ChildProcessError.ended(.exited(0)) }
    return Data(lines.removeFirst().utf8)
  }

  func end() -> ChildProcess.Ending {
    isEnded = true
    return .signalled(9)
  }

  func finish(_ message: Data?, within seconds: Double) -> ChildProcess.Ending { end() }
}

/// The pair of the question with a batch.
func pair<S: Scalar>(as type: S.Type = Double.self, seed: UInt64 = 7) throws -> ChainObjective<S> {
  let random = RandomSource(seed: seed)
  let chain = try Models.originalPair(biasShared: false, random: random, as: type)
  let input: Matrix<S> = random.matrix(rows: 7, columns: 5, -1, 1)
  return ChainObjective(Network(chain, loss: .meanSquaredError), input: input, target: input)
}
