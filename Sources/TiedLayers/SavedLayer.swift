import GSLKit

/// A layer that can be written into a model file and read back, in any precision. A kind of layer says
/// it in its own file; nothing else need know the kind.
package protocol SavedLayer<S>: Layer {
  /// What a file calls this kind, such as "dense".
  static var fileType: String { get }
  /// Writes everything but the name and the type.
  func write(to entry: inout LayerWriter<S>)
  /// Reads what `write` has written. Whether the layer fits its input is found by running it.
  /// - Throws: `ModelFileError`, made by the reader.
  static func read<T: Scalar>(_ entry: LayerReader<T>) throws -> any Layer<T>
  /// About how many numbers one sample makes on its way through, from the sizes alone: asked before the layer
  /// is run, because a file can name sizes that no memory holds. In Double, for the same reason.
  func numbers(inputWidth: Int) -> Double
}

extension SavedLayer {
  /// What goes into each use of a kernel, and what comes out.
  package func numbers(inputWidth: Int) -> Double {
    kernels.reduce(Double(inputWidth)) { $0 + Double($1.rows) + Double($1.columns) }
  }
}

/// A value in a model file.
enum FileValue: Codable {
  case null
  case flag(Bool)
  case number(Double)
  case text(String)
  case list([FileValue])
  case other([String: FileValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let list = try? container.decode([FileValue].self) {
      self = .list(list)
    } else {
      self = .other(try container.decode([String: FileValue].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .flag(let flag): try container.encode(flag)
    case .number(let number): try container.encode(number)
    case .text(let text): try container.encode(text)
    case .list(let list): try container.encode(list)
    case .other(let values): try container.encode(values)
    }
  }
}

/// Takes down what a layer is, key by key.
package struct LayerWriter<S: Scalar> {
  private(set) var values: [String: FileValue] = [:]
  /// What a Parameter is written as: its name, in a file.
  private let key: (Parameter<S>) -> String

  init(key: @escaping (Parameter<S>) -> String) { self.key = key }

  /// One use of a kernel: its Parameter under `name`, its orientation beside it.
  package mutating func kernel(_ kernel: Kernel<S>, as name: String = "kernel") {
    values[name] = .text(key(kernel.parameter))
    values[Self.orientation(of: name)] = .flag(kernel.isTransposed)
  }

  /// Several uses: once for all of them where they are the same, else one by one.
  package mutating func kernels(_ kernels: [Kernel<S>], as name: String) {
    guard let first = kernels.first else { return }
    if kernels.allSatisfy({
      $0.parameter === first.parameter && $0.isTransposed == first.isTransposed
    }) {
      return kernel(first, as: name)
    }
    values[name] = .list(kernels.map { .text(key($0.parameter)) })
    values[Self.orientation(of: name)] = .list(kernels.map { .flag($0.isTransposed) })
  }

  /// A bias; nothing where there is none.
  package mutating func bias(_ bias: Parameter<S>?, as name: String = "bias") {
    if let bias { values[name] = .text(key(bias)) }
  }

  /// Several uses of biases, likewise.
  package mutating func biases(_ biases: [Parameter<S>], as name: String = "bias") {
    guard let first = biases.first else { return }
    values[name] =
      biases.allSatisfy { $0 === first }
      ? .text(key(first)) : .list(biases.map { .text(key($0)) })
  }

  package mutating func whole(_ value: Int, as name: String) {
    values[name] = .number(Double(value))
  }
  package mutating func wholes(_ values: [Int], as name: String) {
    self.values[name] = .list(values.map { .number(Double($0)) })
  }
  package mutating func number(_ value: S, as name: String) {
    values[name] = .number(Double(value))
  }
  package mutating func flag(_ value: Bool, as name: String) { values[name] = .flag(value) }
  package mutating func choice<E: RawRepresentable<String>>(_ value: E, as name: String) {
    values[name] = .text(value.rawValue)
  }

  static func orientation(of name: String) -> String {
    name == "kernel" ? "transposed" : "\(name)_transposed"
  }
}

/// Gives a layer what its entry in a file says, key by key, or says what was expected there.
package struct LayerReader<S: Scalar> {
  /// The layer's name.
  package let name: String
  /// The width of the input it is given; nil where that is not known.
  package let inputWidth: Int?
  /// The entry's place in the file.
  let index: Int
  let values: [String: FileValue]
  /// The Parameter that is written as a key, for a role, of a rank.
  let parameter: (_ key: String, _ role: String, _ rank: Int) throws -> Parameter<S>

  /// How sentences call the layer.
  package var label: String { "layer \(index + 1) (\"\(name)\")" }

  /// An error about this layer.
  package func error(_ sentence: String) -> ModelFileError {
    ModelFileError("\(label) \(sentence)")
  }

  /// One use of a kernel.
  package func kernel(_ key: String = "kernel") throws -> Kernel<S> {
    Kernel(
      try parameter(text(value(key), key), key, 2),
      transposed: try flag(LayerWriter<S>.orientation(of: key)))
  }

  /// `count` uses of a kernel, written once for all or one by one.
  package func kernels(_ key: String, count: Int) throws -> [Kernel<S>] {
    guard case .list(let names) = try value(key) else {
      return [Kernel<S>](repeating: try kernel(key), count: count)
    }
    let orientation = LayerWriter<S>.orientation(of: key)
    var turned = [FileValue](
      repeating: values[orientation] ?? .flag(false), count: names.count)
    if case .list(let each) = values[orientation] { turned = each }
    guard names.count == count, turned.count == count else {
      throw error(
        "lists \(names.count) uses of its \(key), \(turned.count) of them turned or not; expected "
          + "\(count).")
    }
    return try zip(names, turned).map { name, turned in
      guard case .flag(let isTransposed) = turned else {
        throw wrongKind(orientation, "true or false")
      }
      return Kernel(try parameter(text(name, key), key, 2), transposed: isTransposed)
    }
  }

  /// A bias; nil where there is none.
  package func bias(_ key: String = "bias") throws -> Parameter<S>? {
    switch values[key] ?? .null {
    case .null: nil
    case let value: try parameter(text(value, key), key, 1)
    }
  }

  /// `count` uses of a bias, written once for all or one by one; empty where there is none.
  package func biases(_ key: String = "bias", count: Int) throws -> [Parameter<S>] {
    guard case .list(let names) = values[key] ?? .null else {
      return try bias(key).map { Array(repeating: $0, count: count) } ?? []
    }
    guard names.count == count else {
      throw error("lists \(names.count) uses of its \(key); expected \(count).")
    }
    return try names.map { try parameter(text($0, key), key, 1) }
  }

  /// A whole number.
  package func whole(
    _ key: String, in range: ClosedRange<Int>, default usual: Int? = nil
  ) throws -> Int {
    if values[key] == nil, let usual { return usual }
    guard case .number(let number) = try value(key), let whole = Int(exactly: number) else {
      throw wrongKind(key, "a whole number")
    }
    guard range.contains(whole) else {
      throw error(
        "has the \(words(key)) \(whole); expected a whole number from \(range.lowerBound) to "
          + "\(range.upperBound).")
    }
    return whole
  }

  /// `count` whole numbers.
  package func wholes(
    _ key: String, count: Int, in range: ClosedRange<Int>
  ) throws -> [Int] {
    guard case .list(let list) = try value(key), list.count == count else {
      throw wrongKind(key, "\(count) whole numbers")
    }
    return try list.map { element in
      guard case .number(let number) = element, let whole = Int(exactly: number),
        range.contains(whole)
      else {
        throw wrongKind(
          key, "\(count) whole numbers from \(range.lowerBound) to \(range.upperBound)")
      }
      return whole
    }
  }

  /// A number.
  package func number(_ key: String, default usual: S) throws -> S {
    guard let value = values[key] else { return usual }
    guard case .number(let number) = value, S(number).isFinite else {
      throw wrongKind(key, "a finite number")
    }
    return S(number)
  }

  /// True or false.
  package func flag(_ key: String, default usual: Bool = false) throws -> Bool {
    switch values[key] ?? .null {
    case .null: return usual
    case .flag(let flag): return flag
    default: throw wrongKind(key, "true or false")
    }
  }

  /// One of several words.
  package func choice<E: RawRepresentable<String> & CaseIterable>(
    _ key: String, default usual: E
  ) throws -> E {
    switch values[key] ?? .null {
    case .null: return usual
    case .text(let word):
      guard let choice = E(rawValue: word) else {
        let known = E.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        throw error("has the \(words(key)) \"\(word)\"; expected one of \(known).")
      }
      return choice
    default: throw wrongKind(key, "a word in double quotes")
    }
  }

  private func value(_ key: String) throws -> FileValue {
    guard let value = values[key] else {
      throw ModelFileError("\"\(key)\" is missing at layers[\(index)], \(label).")
    }
    return value
  }

  private func text(_ value: FileValue, _ key: String) throws -> String {
    guard case .text(let text) = value else { throw wrongKind(key, "a name in double quotes") }
    return text
  }

  private func wrongKind(_ key: String, _ expected: String) -> ModelFileError {
    ModelFileError("layers[\(index)].\(key) is not of the expected kind: expected \(expected).")
  }

  private func words(_ key: String) -> String { key.replacing("_", with: " ") }
}
