import ArgumentParser
import TiedModels

/// Options that have a say in a result. The command that repeats it is made from them by looking at the
/// properties themselves, so that a new option cannot be left out of it.
protocol RepeatableOptions: ParsableArguments {}

extension RepeatableOptions {
  /// Every option that was given, as it would be typed.
  var arguments: [String] {
    func place(_ words: [String]) -> Int { lastOptions.firstIndex(of: words[0]) ?? -1 }
    return given.enumerated().sorted {
      (place($0.element), $0.offset) < (place($1.element), $1.offset)
    }
    .flatMap(\.element)
  }

  /// The words of every option that was given, in the order in which the options are declared.
  fileprivate var given: [[String]] {
    Mirror(reflecting: self).children.flatMap { label, value in
      guard let label, let option = value as? any RepeatableOption else {
        preconditionFailure("\(Self.self).\(label ?? "?") cannot be written as it would be typed")
      }
      return option.given(named: Self.optionName(of: label))
    }
  }

  /// "--output-activation", of the stored property "_outputActivation" behind `outputActivation`.
  private static func optionName(of label: String) -> String {
    "--"
      + label.drop { $0 == "_" }.map { $0.isUppercase ? "-\($0.lowercased())" : "\($0)" }.joined()
  }
}

/// Options that stand at the end of a command, in this order: so they do in the results that people have.
/// All others stand before them.
private let lastOptions = [
  "--seed", "--precision", "--witness", "--rtol", "--alpha", "--estimator", "--directions",
  "--second-order", "--optimizers", "--steps",
]

/// An option, a flag or a group of them that can be written as it would be typed.
private protocol RepeatableOption {
  /// Nothing where it was not given.
  func given(named name: String) -> [[String]]
}

extension Option: RepeatableOption where Value: OptionalTypedText {
  fileprivate func given(named name: String) -> [[String]] {
    wrappedValue.typed.map { [[name, $0]] } ?? []
  }
}

extension Flag: RepeatableOption where Value: SwitchValue {
  fileprivate func given(named name: String) -> [[String]] { wrappedValue.given(named: name) }
}

/// The value of a flag: on or not, or on, off or not given.
private protocol SwitchValue {
  func given(named name: String) -> [[String]]
}

extension Bool: SwitchValue {
  fileprivate func given(named name: String) -> [[String]] { self ? [[name]] : [] }
}

extension Bool?: SwitchValue {
  fileprivate func given(named name: String) -> [[String]] {
    map { [[$0 ? name : "--no-" + name.dropFirst(2)]] } ?? []
  }
}

extension OptionGroup: RepeatableOption where Value: RepeatableOptions {
  fileprivate func given(named name: String) -> [[String]] { wrappedValue.given }
}

/// A value of an option, as it would be typed.
protocol TypedText {
  var typed: String { get }
}

/// The same, where the option may have been left out.
protocol OptionalTypedText {
  var typed: String? { get }
}

extension Optional: OptionalTypedText where Wrapped: TypedText {
  var typed: String? { map(\.typed) }
}

extension TypedText where Self: CustomStringConvertible {
  var typed: String { description }
}
extension TypedText where Self: RawRepresentable<String> {
  var typed: String { rawValue }
}

extension String: TypedText {}
extension Int: TypedText {}
extension UInt64: TypedText {}
extension Double: TypedText {}
extension Array: TypedText where Element: TypedText {
  var typed: String { map(\.typed).joined(separator: ",") }
}

/// Numbers by name, as `--set` takes them.
extension Dictionary: TypedText where Key == String, Value == Double {
  var typed: String {
    sorted { $0.key < $1.key }.map { name, value in
      "\(name)=\(value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)")"
    }.joined(separator: ",")
  }
}

/// A sentence about choices, each as it would be typed.
extension ChoiceSentence: TypedText {
  var typed: String {
    text { choice in
      switch choice {
      case .option(let option): "--\(option.rawValue)"
      case .batch: "--batch"
      case .model(let name): "--model \(name)"
      case .data(let name): "--data \(name)"
      case .setting(let numbers): "--set \(numbers)"
      }
    }
  }
}

extension ModelName: TypedText {
  var typed: String { model.name }
}
