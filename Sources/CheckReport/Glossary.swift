/// The words of a report, for a reader who has only the report.
enum Glossary {
  static let heading = "Glossary"

  static let markdown =
    "## \(heading)\n\n"
    + words.map { "- **\($0.word)**: \($0.meaning)" }.joined(separator: "\n")

  private static let words: [(word: String, meaning: String)] = [
    (
      "claimed, measured",
      "The claimed gradient is what the model's backward pass computes. The measured one comes from "
        + "evaluating the loss nearby and taking differences."
    ),
    (
      "entry",
      "One number of a gradient: the derivative of the loss by one element of one parameter."
    ),
    (
      "step h, error bound E",
      "How far an element was moved for the measurement, and how far the measured derivative can be "
        + "from the true one: noise and truncation together."
    ),
    (
      "noise",
      "The uncertainty of one evaluation of the loss, from rounding. Small steps enlarge it."
    ),
    (
      "rms",
      "Root mean square of a parameter's measured gradient: its scale. Relative errors are relative "
        + "to the entry or to this, whichever is larger, so that an entry near zero is not unfairly "
        + "convicted."
    ),
    (
      "pass",
      "The difference, with the error bound added, lies within the accepted relative difference (rtol): "
        + "no larger error is there."
    ),
    (
      "fail",
      "The difference, with the error bound taken off, is still larger than accepted, and a second, "
        + "independent measurement says the same."
    ),
    (
      "random direction",
      "In a large model, many entries moved at once, each by a random amount. An error in one entry "
        + "shows in the slope along it, and the wrong entry is then searched for."
    ),
    ("inconclusive", "Neither could be shown; the reason is given."),
    (
      "kink",
      "The loss has a corner here (as relu has at 0), and the claimed derivative is the slope of one of its "
        + "sides or the mean of both: accepted, because these are the conventions in use."
    ),
    (
      "vacuous",
      "The check could not have failed at this point, so that passing means nothing."
    ),
    (
      "sensitivity",
      "The smallest relative error that would not have passed wherever it was. Smaller is better."
    ),
    (
      "unused, differs measurably",
      "An entry that does not change the loss by a single bit on this batch; an entry whose difference "
        + "is larger than its error bound, yet within the accepted difference."
    ),
    (
      "tied, shared",
      "Two layers are tied when they hold the same parameter. Equal values are not a tie."
    ),
    (
      "path",
      "What one use of a shared parameter contributes to its gradient. It is measured by changing the "
        + "parameter for that one use alone."
    ),
    (
      "share",
      "The part of the whole measured gradient that one path has. Shares add up to 1; a negative one "
        + "works against the others."
    ),
    ("norm", "The length of a gradient or of a change: the root of the sum of squares."),
    (
      "residual, coefficient",
      "Claimed minus measured gradient. A diagnosis says which multiple (the coefficient) of which "
        + "known mistake it is: -1 times a path means that this path is missing."
    ),
    (
      "state",
      "What an optimizer remembers of a parameter from step to step, such as its momentum. A shared "
        + "parameter has one, not one for each use."
    ),
  ]
}
