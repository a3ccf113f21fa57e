import TiedLayers

/// The table of a model's layers for the terminal.
package enum SummaryTable {
  /// One line for each layer, as Keras prints it, with the layers it shares a parameter with, itself
  /// among them where it uses one several times; below it the total, in which a shared parameter counts
  /// once.
  package static func text(_ summary: ModelSummary) -> String {
    let summary = summary.harmlessCopy
    var table = TextTable([
      ("Layer", .left), ("Type", .left), ("Output shape", .left), ("Parameters", .right),
      ("Shares with", .left),
    ])
    table.rows = summary.layers.map { row in
      [
        row.name, row.type, row.outputText, String(row.parameters), row.sharesText(),
      ]
    }
    var lines = table.lines()
    let width = lines.map(\.count).max() ?? 0
    lines.insert(String(repeating: "=", count: width), at: 1)
    lines.append(String(repeating: "=", count: width))
    lines.append(total(summary))
    return lines.joined(separator: "\n") + "\n"
  }

  /// The same as a block of Markdown.
  package static func markdown(_ summary: ModelSummary) -> String {
    Markdown.codeBlock(String(text(summary).dropLast())) + "\n"
  }

  /// "Total parameters: 30 (60 added over the layers; what is shared counts once)".
  static func total(_ summary: ModelSummary) -> String {
    let total = "Total parameters: \(summary.totalParameters)"
    guard summary.sumOverLayers != summary.totalParameters else { return total }
    return total + " (\(summary.sumOverLayers) added over the layers; what is shared counts once)"
  }
}
