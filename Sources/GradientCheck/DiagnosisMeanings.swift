extension Diagnosis {
  /// What every name means, in one line; "ambiguous" and "unexplained" are not names.
  public static let meanings: [String: String] = [
    // Gradients.
    "missing-path": "the contribution of one use of a shared parameter is missing",
    "doubled-path": "the contribution of one use is counted twice",
    "scaled-path": "the contribution of one use is multiplied by a constant",
    "untransposed": "a contribution is added without transposing it",
    "zero-gradient": "the claimed gradient is zero",
    "doubled": "the whole gradient is counted twice",
    "averaged": "contributions are averaged where they should be added",
    "sum-for-mean": "a sum over samples where the loss is a mean",
    "mean-twice": "divided by the number of samples once too often",
    "scaled": "the whole gradient is multiplied by a constant",
    "stray-weight-term": "the gradient holds a multiple of the weights that the loss does not",
    "regulariser-missing": "the gradient leaves out a term of the loss that reads the weights",
    "regulariser-per-use": "the gradient holds a regulariser once for each use",
    "regulariser-scaled": "the gradient holds a multiple of a regulariser",
    // Ties.
    "stale-copy": "a layer does not follow the kernel that it seems to share",
    "copied": "two kernels with equal values, where one was meant",
    "not-tied": "two kernels, where one was meant",
    "undeclared-use": "a layer reads a parameter that it does not list",
    "bias-taken-along": "a bias is shared that was not meant to be",
    // Updates.
    "not-moved": "a parameter does not move at all",
    "state-lost": "the optimizer's state starts anew at every step",
    "stepped-twice": "several steps a batch, each with the whole gradient",
    "gradient-doubled": "one step by twice the gradient",
    "gradient-averaged": "one step by the mean of the contributions",
    "state-per-use": "one step and one state for each use",
    "two-optimizers": "the uses are stepped by different optimizers",
    "one-path-only": "one use alone moves the parameter",
    "decay-per-use": "weight decay is applied once for each use",
    "clip-counts-twice": "a shared gradient enters the clipping norm once for each use",
    "clip-by-contribution": "contributions enter the clipping norm separately",
    "freeze-ignored": "a frozen parameter moves",
    // Structure.
    "counted-twice": "a summary counts a shared parameter once for each layer",
    "bias-twice": "a layer adds its bias twice",
    "bias-missing": "a layer does not add its bias",
    "scaled-forward": "a layer uses its kernel times a constant",
    "phantom-kernel": "a layer registers a parameter that it never reads",
    "reloaded-apart": "saving and loading unties",
    "saved-once-lost": "loading gives a shared parameter's second use new values",
    "moved-apart": "a conversion unties",
    "per-sample-stacked": "per-sample gradients of several uses are stacked, not added",
  ]
}
