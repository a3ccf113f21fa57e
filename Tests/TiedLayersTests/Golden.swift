import Foundation
import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

/// A golden file: a network, and what an independent implementation computed for it.
struct Golden: Sendable, CustomTestStringConvertible {
  struct Trajectory: Decodable, Sendable {
    let losses: [Double]
    let final: [String: Numbers]
  }

  struct Path: Decodable, Sendable {
    let layer: Int
    let kernel: String
    let gradient: Numbers
  }

  /// A vector or a matrix, in row order.
  struct Numbers: Decodable, Sendable {
    let flat: [Double]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let rows = try? container.decode([[Double]].self) {
        flat = rows.flatMap { $0 }
      } else {
        flat = try container.decode([Double].self)
      }
    }
  }

  private struct Answers: Decodable, Sendable {
    let output: Numbers
    let value: Double
    let gradients: [String: Numbers]
    let path_gradients: [Path]
    let learning_rate: [String: Double]
    let trajectories: [String: Trajectory]
  }

  let name: String
  let json: Data
  private let answers: Answers

  var testDescription: String { name }
  var output: [Double] { answers.output.flat }
  var value: Double { answers.value }
  var gradients: [String: Numbers] { answers.gradients }
  var pathGradients: [Path] { answers.path_gradients }
  var learningRates: [String: Double] { answers.learning_rate }
  var trajectories: [String: Trajectory] { answers.trajectories }

  /// The network and its batch, with Parameters of its own at each call.
  func model() throws -> ModelFile<Double> { try ModelFile(json: json) }

  /// The golden file of that name.
  static func named(_ name: String) throws -> Golden {
    try #require(all.first { $0.name == name }, "no golden file \(name)")
  }

  static let all: [Golden] = {
    let folder = Bundle.module.url(forResource: "Golden", withExtension: nil)!
    do {
      return try FileManager.default.contentsOfDirectory(
        at: folder, includingPropertiesForKeys: nil
      )
      .filter { $0.pathExtension == "json" }
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
      .map { url in
        let json = try Data(contentsOf: url)
        return Golden(
          name: url.deletingPathExtension().lastPathComponent, json: json,
          answers: try JSONDecoder().decode(Answers.self, from: json))
      }
    } catch {
      fatalError("the golden files cannot be read: \(error)")
    }
  }()
}
