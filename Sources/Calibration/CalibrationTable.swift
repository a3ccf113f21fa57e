import Foundation

/// A calibration's result for a person.
package struct CalibrationTable {
  private let result: CalibrationResult

  package init(_ result: CalibrationResult) { self.result = result }

  /// For the terminal.
  package var text: String { render(Self.alignedLines) { "\($0)\n\(underline($0))" } }
  /// For a document.
  package var markdown: String { render(Self.pipedLines) { "### \($0)" } }

  private func underline(_ title: String) -> String { String(repeating: "-", count: title.count) }

  private func render(_ table: ([[String]]) -> [String], _ heading: (String) -> String) -> String {
    var blocks: [String] = []
    for population in result.populations {
      blocks.append(heading(title(population)))
      for band in population.bands where band.networks > 0 {
        blocks.append("\(words(band.band)): \(band.networks) networks, \(band.entries) entries.")
        blocks.append(table(rows(band.rules, population.sizes)).joined(separator: "\n"))
        blocks.append(sentences(band, population).joined(separator: "\n"))
      }
      if population.notFinite > 0 {
        blocks.append(
          "Left out because their loss is not finite: \(population.notFinite) networks.")
      }
    }
    if let large = result.large {
      blocks.append(heading("784-128-784, tied, by directions"))
      blocks.append(
        "\(large.networks) networks: \(large.falseAlarms) false alarms; one entry wrong by 1 % of "
          + "the rms found in \(large.found), located in \(large.located).")
    }
    blocks += result.studies.flatMap {
      [heading(title($0)), sentences($0).joined(separator: "\n")]
    }
    if let bugs = result.bugs {
      blocks += [
        heading("Combined bugs in tied autoencoders"), sentences(bugs).joined(separator: "\n"),
      ]
    }
    return blocks.joined(separator: "\n\n") + "\n"
  }

  private func title(_ population: CalibrationPopulation) -> String {
    "\(population.kind.rawValue) networks in \(population.precision == .double ? "Double" : "Float"), "
      + "tolerance \(String(format: "%g", population.rtol)): \(population.entries) entries"
  }

  private func words(_ band: ScaleBand) -> String {
    switch band {
    case .unscaled: "Input and kernels near 1"
    case .scaled: "Input or kernels times 1e-8 to 1e8"
    case .saturated: "Saturated, not counted above"
    }
  }

  private func rows(_ rules: [RuleTally], _ sizes: [ErrorSize]) -> [[String]] {
    let header =
      ["rule", "false alarms", "undecided", "bound covers", "evaluations"]
      + sizes.map { "\($0) found" }
    return [header]
      + rules.map { rule in
        [
          rule.rule, share(rule.falseAlarms, rule.entries), share(rule.undecided, rule.entries),
          rule.bounded == 0 ? "-" : percent(rule.covered, rule.bounded),
          String(format: "%.2f", Double(rule.evaluations) / Double(max(rule.entries, 1))),
        ] + rule.wrong.map { percent($0.found, $0.total) }
      }
  }

  private func sentences(_ band: CalibrationBand, _ population: CalibrationPopulation)
    -> [String]
  {
    let verdicts = band.verdicts
    var lines = [
      "Verdicts on right gradients: pass \(share(verdicts.pass, band.entries)), "
        + "kink \(share(verdicts.kink, band.entries)), "
        + "vacuous \(share(verdicts.vacuous, band.entries)), "
        + "inconclusive "
        + "\(share(verdicts.inconclusive.values.reduce(0, +), band.entries)) "
        + "and, where the tolerance is out of reach, "
        + "\(share(verdicts.outOfReach.values.reduce(0, +), band.entries))."
    ]
    for (reason, count) in verdicts.inconclusive.sorted(by: { $0.key < $1.key }) {
      lines.append("  inconclusive: \(reason): \(count)")
    }
    for (reason, count) in verdicts.outOfReach.sorted(by: { $0.key < $1.key }) {
      lines.append("  inconclusive, out of reach: \(reason): \(count)")
    }
    let missed = zip(population.sizes, band.rules[0].wrong).filter { $1.found < $1.total }
    for (size, tally) in missed {
      lines.append(
        "  errors of \(size) in \(tally.total) entries: \(tally.missed) accepted, "
          + "\(tally.undecided) undecided")
    }
    lines.append(
      "Own gradients further from the truth than "
        + (population.precision == .double ? "rounding" : "the tolerance")
        + ": \(band.backwardDiffers). Of these called wrong: \(verdicts.trueFail).")
    for sort in CalibrationRemark.Sort.allCases {
      for remark in band.remarks where remark.sort == sort {
        lines.append("  \(sort.rawValue): \(remark.text)")
      }
    }
    return lines
  }

  private func share(_ count: Int, _ total: Int) -> String {
    count == 0 ? "0" : "\(count) (\(percent(count, total)))"
  }

  /// Never rounds up to all or down to none.
  private func percent(_ count: Int, _ total: Int) -> String {
    guard total > 0 else { return "-" }
    if count == total { return "100 %" }
    let value = 100 * Double(count) / Double(total)
    return value > 99.99
      ? String(format: "%.4f %%", value)
      : String(format: value < 0.1 ? "%.4f %%" : "%.2f %%", value)
  }

  // MARK: Layout

  private static func alignedLines(_ rows: [[String]]) -> [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    return rows.map { row in
      row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + space : space + cell
      }.joined(separator: "  ")
    }
  }

  private static func pipedLines(_ rows: [[String]]) -> [String] {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    let rule = "| --- |" + rows[0].dropFirst().map { _ in " ---: |" }.joined()
    return [line(rows[0]), rule] + rows.dropFirst().map(line)
  }
}
