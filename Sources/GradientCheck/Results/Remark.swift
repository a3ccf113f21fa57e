/// Something that a reader should know about a model and that changes no verdict.
public struct Remark: Codable, Equatable, Sendable {
  /// A word for the kind, such as "padding".
  public let about: String
  /// The names of the parameters it is about; empty where it is about the whole model.
  public let parameters: [String]
  /// The remark.
  public let sentence: String

  /// The word for parameters that the loss does not read.
  package static let unused = "unused"

  /// A remark about some parameters, or about the whole model.
  public init(about: String, parameters: [String] = [], sentence: String) {
    self.about = about
    self.parameters = parameters
    self.sentence = sentence
  }
}
