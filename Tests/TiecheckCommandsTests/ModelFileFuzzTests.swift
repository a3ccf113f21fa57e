import Foundation
import Testing

@testable import TiecheckCommands

/// Model files that somebody got wrong, or meant harm with: none ends the process or is a fault of tiecheck's, and
/// none that is no model passes.
///
/// `TIECHECK_FUZZ=1000 swift test --filter ModelFileFuzz` tries a thousand; a few are tried always.
@Suite struct ModelFileFuzzTests {
  /// Files of small right models, one for each kind of layer.
  private static let originals: [String] = [
    "--model tied-autoencoder --features 4 --hidden 3 --batch 3",
    "--model tied-autoencoder --features 3 --hidden 2 --batch 3 --activation relu",
    "--model recurrent --features 6 --hidden 2 --batch 3 --set width=2 --data random",
    "--model convolution --features 6 --hidden 2 --batch 2 --set height=1,window=2,stride=1,padding=0",
    "--model embedding --data random --features 2 --hidden 2 --batch 3 --set vocabulary=4",
    "--model attention --features 6 --hidden 2 --batch 2 --set pieces=3",
    "--model siamese --features 3 --hidden 2 --batch 4",
  ].map { options in
    guard let folder = try? TemporaryFolder(),
      tiecheck("summary \(options) --save", folder("model.json")).status == 0,
      let text = try? folder.text("model.json")
    else { return "" }
    return text
  }

  @Test func originalsAreRight() {
    for original in Self.originals {
      let run = tiecheck("check --optimizers sgd --steps 1 --model-file -", input: original)
      #expect(run.status == 0 || run.status == 2, "\(run.output)\(run.error)")
    }
  }

  @Test func mutatedFilesEndInASentence() {
    let count = Int(ProcessInfo.processInfo.environment["TIECHECK_FUZZ"] ?? "") ?? 28
    var random = Mutations(seed: 20_26)
    for number in 0..<count {
      let original = Self.originals[number % Self.originals.count]
      let (text, deed, isNonsense) = random.mutated(original)
      let run = tiecheck("check --optimizers sgd --steps 1 --model-file -", input: text)
      let allowed: [Int32] = isNonsense ? [65] : [0, 1, 2, 64, 65]
      #expect(
        allowed.contains(run.status), "\(number), \(deed): \(run.status) \(run.error)\n\(text)")
    }
  }
}

/// A generator that is the same everywhere (Steele, Lea & Flood 2014, SplitMix64), and what it does to files.
private struct Mutations {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  private mutating func below(_ count: Int) -> Int { Int(next() % UInt64(max(count, 1))) }
  private mutating func one<T>(of all: [T]) -> T { all[below(all.count)] }

  /// A file with something wrong in it, what was done, and whether it can be no model any more.
  mutating func mutated(_ original: String) -> (text: String, deed: String, isNonsense: Bool) {
    switch below(10) {
    case 0...2: broken(original)
    case 3...4: scrambled(original)
    case 5...7: withAnotherNumber(original)
    default: withAnotherValue(original)
    }
  }

  /// Things that no reader may accept.
  private mutating func broken(_ original: String) -> (String, String, Bool) {
    var model = object(original)
    let deed = one(of: [
      "no layers", "no key", "ragged", "renamed", "unknown type", "fewer targets", "a comma", "cut",
      "text for numbers", "endless",
    ])
    switch deed {
    case "no layers": model["layers"] = [Any]()
    case "no key": model[one(of: ["layers", "loss", "input", "target", "parameters"])] = nil
    case "ragged": model["input"] = [[1, 2], [3]]
    case "renamed": rename(in: &model)
    case "unknown type": changeLayer(of: &model) { $0["type"] = "quantum" }
    case "fewer targets": model["target"] = Array((model["target"] as! [Any]).dropLast())
    case "text for numbers": model["input"] = "numbers"
    case "a comma":
      return (original.replacing("\"loss\"", with: "\"x\": [1, ], \"loss\""), deed, true)
    case "endless":
      let nested = String(repeating: "[", count: 100_000)
      return (original.replacing("\"loss\"", with: "\"x\": \(nested), \"loss\""), deed, true)
    default: return (String(original.prefix(below(original.count - 2))), deed, true)
    }
    return (text(model), deed, true)
  }

  private func rename(in model: inout [String: Any]) {
    var parameters = model["parameters"] as! [String: Any]
    let name = parameters.keys.sorted()[0]
    parameters["somebody else"] = parameters.removeValue(forKey: name)
    model["parameters"] = parameters
  }

  private func changeLayer(of model: inout [String: Any], _ change: (inout [String: Any]) -> Void) {
    var layers = model["layers"] as! [[String: Any]]
    change(&layers[0])
    model["layers"] = layers
  }

  /// A few bytes changed, gone or doubled.
  private mutating func scrambled(_ original: String) -> (String, String, Bool) {
    var bytes = Array(original.utf8)
    for _ in 0...below(3) {
      let place = below(bytes.count)
      switch below(3) {
      case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
      case 1: bytes.remove(at: place)
      default: bytes.insert(contentsOf: bytes[place..<min(place + 20, bytes.count)], at: place)
      }
    }
    return (String(decoding: bytes, as: UTF8.self), "bytes", false)
  }

  /// One number replaced by one that is hard to compute with.
  private mutating func withAnotherNumber(_ original: String) -> (String, String, Bool) {
    let numbers = original.matches(of: /-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?/)
    let chosen = numbers[below(numbers.count)].range
    let number = one(of: [
      "0", "-1", "1e308", "-1e308", "1e-308", "5e-324", "1e19", "9223372036854775807", "0.5",
      "1e200",
      "1e999", "4294967296", "16777216", "100000",
    ])
    return (original.replacingCharacters(in: chosen, with: number), "number \(number)", false)
  }

  /// One value of a layer replaced by another one.
  private mutating func withAnotherValue(_ original: String) -> (String, String, Bool) {
    var model = object(original)
    let values: [Any] = [
      NSNull(), true, -1, 0, 1e300, 100_000, 16_777_216, "tanh", [Any](), ["a": 1], [1, 1],
      [16_777_216, 1],
    ]
    let value = one(of: values)
    let layers = model["layers"] as! [[String: Any]]
    let keys = layers[0].keys.sorted()
    let key = one(of: keys + ["steps", "positions", "scale", "image", "window", "fixed_rows"])
    changeLayer(of: &model) { $0[key] = value }
    if key == "fixed_rows" { model[key] = ["E": [0, -1, 1 << 40]] }
    return (text(model), "\(key) = \(value)", false)
  }

  private func object(_ json: String) -> [String: Any] {
    try! JSONSerialization.jsonObject(with: Data(json.utf8)) as! [String: Any]
  }

  private func text(_ model: [String: Any]) -> String {
    String(
      decoding: try! JSONSerialization.data(withJSONObject: model, options: [.sortedKeys]),
      as: UTF8.self)
  }
}
