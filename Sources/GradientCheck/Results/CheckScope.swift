/// What is asked of a model besides its gradient, which is always checked.
public struct CheckScope: OptionSet, Sendable {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }

  /// The paths of what is shared are measured all the same: they name what is wrong with a gradient.
  /// They are not judged.
  public static let gradient: CheckScope = []
  public static let ties = CheckScope(rawValue: 1)
  public static let updates = CheckScope(rawValue: 2)
  public static let structure = CheckScope(rawValue: 4)
  public static let everything: CheckScope = [.ties, .updates, .structure]

  private static let names: [(name: String, question: CheckScope)] = [
    ("ties", .ties), ("updates", .updates), ("structure", .structure),
  ]
}

/// In records: the questions by name, the gradient among them.
extension CheckScope: Codable {
  public init(from decoder: any Decoder) throws {
    let words = try [String](from: decoder)
    self = Self(Self.names.filter { words.contains($0.name) }.map(\.question))
  }

  public func encode(to encoder: any Encoder) throws {
    try (["gradient"] + Self.names.filter { contains($0.question) }.map(\.name)).encode(to: encoder)
  }
}
