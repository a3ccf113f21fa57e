import GradientCheck
import Plots

/// One picture of a case, with what stands around it on the page.
struct CasePicture {
  /// What follows the case's name in the file's name.
  let suffix: String
  let plot: any Plot
  /// How to read it: Markdown.
  let explanation: String
  /// Its numbers: a Markdown table.
  let table: String
}

/// The pictures of a case. A picture whose numbers are missing is left out.
enum CasePlots {
  static func pictures(_ result: CaseResult) -> [CasePicture] {
    result.evidence.sweeps.enumerated().flatMap { index, sweep in
      let number = index == 0 ? "" : "-\(index + 1)"
      return [
        steps(sweep, result, suffix: "steps\(number)"),
        remainder(sweep, result, suffix: "remainder\(number)"),
      ].compactMap { $0 }
    }
      + result.evidence.residuals.compactMap { residuals($0, result) }
      + [ratios(result), corners(result), paths(result), drift(result)].compactMap { $0 }
  }
}
