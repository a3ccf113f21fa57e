/// What is asked of a model besides its gradient, which is always checked.
public struct CheckScope: OptionSet, Sendable {
  /// The bits of the set.
  public let rawValue: Int

  /// A set of questions from its bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// The paths of what is shared are measured all the same: they name what is wrong with a gradient.
  /// They are not judged.
  public static let gradient: CheckScope = []
  /// Whether what is shared is one parameter, and its gradient the sum over its uses.
  public static let ties = CheckScope(rawValue: 1)
  /// Whether every step moves each parameter once.
  public static let updates = CheckScope(rawValue: 2)
  /// Counting, saving, loading and converting.
  public static let structure = CheckScope(rawValue: 4)
  /// All of these.
  public static let everything: CheckScope = [.ties, .updates, .structure]

  private static let names: [(name: String, question: CheckScope)] = [
    ("ties", .ties), ("updates", .updates), ("structure", .structure),
  ]
}

/// In records: the questions by name, the gradient among them.
extension CheckScope: Codable {
  /// Reads the names of the questions.
  public init(from decoder: any Decoder) throws {
    let words = try [String](from: decoder)
    self = Self(Self.names.filter { words.contains($0.name) }.map(\.question))
  }

  /// Writes the names of the questions.
  public func encode(to encoder: any Encoder) throws {
    try (["gradient"] + Self.names.filter { contains($0.question) }.map(\.name)).encode(to: encoder)
  }
}
