import ArgumentParser
import FaultGallery
import Foundation
import GSLKit
import GradientCheck
import TiedLayers
import TiedModels

/// Turns the text of an option into its value, or says what was expected instead. ArgumentParser puts
/// the option and what was given in front of these sentences.
enum OptionValue {
  /// A whole number in a range.
  static func whole(
    _ text: String, in range: ClosedRange<Int>, example: Int
  ) throws -> Int {
    guard let value = Int(text), range.contains(value) else {
      let bounds =
        range.upperBound == .max
        ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
      throw ValidationError("expected a whole number \(bounds), such as \(example).")
    }
    return value
  }

  /// A whole number of at least 1.
  @Sendable static func positive(_ text: String) throws -> Int {
    try whole(text, in: 1...Int.max, example: 16)
  }

  /// The number of training steps.
  @Sendable static func steps(_ text: String) throws -> Int {
    try whole(text, in: 1...1000, example: 5)
  }

  /// A time in seconds, above 0.
  @Sendable static func seconds(_ text: String) throws -> Double {
    guard let value = Double(text), value > 0, value.isFinite else {
      throw ValidationError("expected a number of seconds above 0, such as 10.")
    }
    return value
  }

  /// The number of random directions for each parameter.
  @Sendable static func directions(_ text: String) throws -> Int {
    try whole(text, in: 0...1000, example: 4)
  }

  /// A seed.
  @Sendable static func seed(_ text: String) throws -> UInt64 {
    guard let value = UInt64(text) else {
      throw ValidationError("expected a whole number of at least 0, such as 7.")
    }
    return value
  }

  /// A number between 0 and 1, neither of them included.
  @Sendable static func fraction(_ text: String) throws -> Double {
    guard let value = Double(text), value > 0, value < 1 else {
      throw ValidationError("expected a number above 0 and below 1, such as 1e-6.")
    }
    return value
  }

  /// Widths with commas between.
  @Sendable static func widths(_ text: String) throws -> [Int] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let width = Int(part), width > 0 else {
        throw ValidationError(
          "\(part.isEmpty ? "a width is missing" : "\"\(part)\" is not a width"); expected whole "
            + "numbers of at least 1 with commas between, such as 24,8.")
      }
      return width
    }
  }

  /// Names of optimizers with commas between.
  @Sendable static func optimizers(_ text: String) throws -> [String] {
    let known = UpdateSubject.standard.map(\.name)
    var names: [String] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let name = String(part).replacing("-", with: "_")
      guard known.contains(name) else {
        throw ValidationError(
          "\"\(part)\" is not an optimizer; expected some of \(known.joined(separator: ", ")), with "
            + "commas between.")
      }
      guard !names.contains(name) else {
        throw ValidationError("\(part) is named twice; name each optimizer once.")
      }
      names.append(name)
    }
    return names
  }

  /// The id of a fault in the gallery.
  @Sendable static func fault(_ text: String) throws -> String {
    guard FaultCatalogue.fault(text) != nil else {
      let known = FaultCatalogue.all.map(\.id)
      throw ValidationError(
        "\"\(text)\" is not in the gallery; expected one of \(known.joined(separator: ", ")).")
    }
    return text
  }

  /// The id of a fault, or of a diagnosis, which stands for the faults that leave such a trace.
  @Sendable static func faultOrDiagnosis(_ text: String) throws -> String {
    Diagnosis.meanings[text] == nil ? try fault(text) : text
  }

  /// The number of seeds.
  @Sendable static func seeds(_ text: String) throws -> Int {
    try whole(text, in: 1...10_000, example: 20)
  }

  /// Numbers by name, with commas between. Whether a model has them is asked later.
  @Sendable static func settings(_ text: String) throws -> [String: Double] {
    var settings: [String: Double] = [:]
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false)
      guard sides.count == 2, !sides[0].isEmpty, let value = Double(sides[1]), value.isFinite else {
        throw ValidationError(
          "\"\(part)\" is not a setting; expected a name and a number, such as steps=4, with commas "
            + "between.")
      }
      guard settings.updateValue(value, forKey: String(sides[0])) == nil else {
        throw ValidationError("\(sides[0]) is set twice; set it once.")
      }
    }
    return settings
  }

  /// A path, or "-".
  @Sendable static func path(_ text: String) throws -> String {
    guard !text.isEmpty else { throw ValidationError("expected a path.") }
    return text
  }
}

extension ElementwiseFunction: ExpressibleByArgument, TypedText {}
extension Estimator: ExpressibleByArgument, TypedText {}

extension Loss: ExpressibleByArgument, TypedText {
  /// Hyphens are as good as underscores.
  public init?(argument: String) { self.init(rawValue: argument.replacing("-", with: "_")) }
}

/// One of the models that `--model` knows.
struct ModelName: ExpressibleByArgument, Sendable {
  let model: any Model

  init(_ model: any Model) { self.model = model }

  init?(argument: String) {
    guard let model = ModelCatalogue.named(argument) else { return nil }
    self.model = model
  }

  static var allValueStrings: [String] { ModelCatalogue.all.map(\.name) }
  var defaultValueDescription: String { model.name }
}

/// How a result is written down.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
  case text, markdown, json
}
