/// What is wrong with a tie, by name.
extension TieResult {
  /// A layer that holds a copy, layers that hold two kernels, contributions that are wrong though the whole
  /// gradient is right.
  var diagnoses: [Diagnosis] {
    groups.flatMap(\.diagnoses)
      + missing.map { .known(id(ofMissing: $0), parameter: "", sentence: $0) }
      + unmeant.map { .known("bias-taken-along", parameter: "", sentence: $0) }
  }

  private func id(ofMissing sentence: String) -> String {
    if undeclared.contains(sentence) { return "undeclared-use" }
    return copies.contains(sentence) ? "copied" : "not-tied"
  }

  /// What a reader should know of the shared parameters, and what changes no verdict.
  package var remarks: [Remark] {
    groups.flatMap { group in
      group.remarks.map {
        Remark(about: "uses", parameters: [group.parameter], sentence: $0)
      }
    } + untold.map { Remark(about: "ties", sentence: $0) }
      + otherUses.map { Remark(about: "uses", sentence: "\($0) Its gradient as a whole is right.") }
  }
}

extension TieGroup {
  fileprivate var diagnoses: [Diagnosis] {
    let stale = follows.filter { $0.verdict == .fail }.map { follows in
      Diagnosis.known(
        "stale-copy", parameter: parameter,
        sentence: "\(follows.name) does not follow \(parameter): \(follows.reason ?? "")")
    }
    // A wrong whole is named by the diagnosis of its residual.
    guard stale.isEmpty, wholePasses else { return stale }
    let wrong = paths.filter { $0.verdict == .fail }.map(\.name)
    if !wrong.isEmpty {
      return [
        .known(
          "wrong-contribution", parameter: parameter,
          sentence:
            "the gradient of \(parameter) is right as a whole, and what is claimed for single uses of it "
            + "is not (\(wrong.joined(separator: ", "))): the errors cancel, or the two are computed "
            + "apart")
      ]
    }
    if sumRule.verdict == .fail {
      return [
        sumRule.isBrokenAsMeasured
          ? .known(
            "undeclared-use", parameter: parameter,
            sentence:
              "the measured contributions of \(parameter) do not add up to its measured gradient: "
              + "something else reads it")
          : .known(
            "wrong-contribution", parameter: parameter,
            sentence:
              "what is claimed for the uses of \(parameter) does not add up to its claimed gradient"
          )
      ]
    }
    return (secondPoint ?? []).filter { $0.verdict == .fail }.prefix(1).map { second in
      .known(
        "wrong-contribution", parameter: parameter,
        sentence:
          "what \(second.name) claims to contribute to \(parameter) agrees with what is measured at the "
          + "described point, and not at a point close by: there its slope is claimed as "
          + "\(number(second.claimed)) and measured as \(number(second.measured))")
    }
  }

  fileprivate var remarks: [String] {
    var remarks: [String] = []
    if let unmeasuredUses {
      let total = uses.count + unmeasuredUses
      remarks.append(
        "\(parameter) has \(total) uses. The paths of \(uses.count) of them were measured, the first, the "
          + "last and a random sample of the others; the whole gradient covers all of them")
    }
    if claimsAreApart == true {
      remarks.append(
        "this program's claims by use cannot be told apart: what the uses of \(parameter) claim does not "
          + "add up to its gradient, which is right. They are computed in another way than the gradient "
          + "that trains, and are not compared; the contributions are measured")
    }
    if sumRule.verdict != .fail, sumRule.isBrokenAsMeasured {
      remarks.append(
        "something beside the described uses reads \(parameter), such as a penalty: what they contribute "
          + "does not add up to the measured gradient. The gradient as a whole is right")
    }
    for follows in follows where follows.verdict == .pass {
      if let reason = follows.reason { remarks.append("\(follows.name): \(reason)") }
    }
    return remarks
  }
}
