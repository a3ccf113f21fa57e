import Foundation

/// One file of a report: the page, or a picture that the page shows.
public struct ReportFile: Equatable, Sendable {
  /// The file's name, without a folder; the page links to it by this name.
  public let name: String
  public let contents: Data

  public init(name: String, contents: Data) {
    self.name = name
    self.contents = contents
  }
}
