import GradientCheck

/// What to learn from a diagnosis: for the names that no fault of the gallery leaves as its trace, such as
/// the ordinary mistakes of a first backward pass.
package struct DiagnosisLesson: Sendable {
  /// The name of the diagnosis.
  package let id: String
  /// Why it happens, and what to do.
  package let lesson: String
  /// What was computed, and what should be.
  package let formula: String
  /// How to find the place.
  package let remedy: String

  /// The lesson of a name, if it has one of its own.
  package static func named(_ id: String) -> DiagnosisLesson? { all.first { $0.id == id } }

  package static let all = ofGradients + ofUpdatesAndLayers

  private static let ofGradients = [
    DiagnosisLesson(
      id: "doubled-path",
      lesson:
        "One use of a shared kernel is added twice, and the others once. Each use must be added "
        + "exactly once: by its layer or by whoever collects the gradients, not by both.",
      formula: "claimed G_enc + 2 G_dec^T, true G_enc + G_dec^T",
      remedy: "Search for every line that adds this use's contribution; one of them is too many."),
    DiagnosisLesson(
      id: "wrong-contribution",
      lesson:
        "The gradient of the shared kernel is right, and what its uses are said to contribute is not: an "
        + "error in one contribution is made good by the opposite error in another. Whoever steps by "
        + "one contribution alone, or clips each of them, goes wrong.",
      formula: "claimed (G_enc + E) and (G_dec^T - E), true G_enc and G_dec^T",
      remedy: "Compare each claimed contribution with the measured one in the table of paths."),
    DiagnosisLesson(
      id: "zero-gradient",
      lesson: "The claim is zero and the loss does depend on the parameter. The gradient was never "
        + "computed, or it was entered under another parameter, or the graph was cut by a copy.",
      formula: "claimed 0, true G",
      remedy: "Follow the parameter from the loss backwards to the first line that does not use it."
    ),
    DiagnosisLesson(
      id: "sum-for-mean",
      lesson:
        "The loss is a mean over the samples, and the gradient is their sum. The factor 1/n of the "
        + "loss must stand in its derivative too; a smaller learning rate hides that it does not.",
      formula: "claimed sum of g_i, true (1/n) sum of g_i for n samples",
      remedy: "Divide by n once, in the derivative of the loss; every layer before it then has it."),
    DiagnosisLesson(
      id: "mean-twice",
      lesson:
        "The gradient is divided by the number of samples in the loss and in a layer as well. Only "
        + "the loss takes a mean; a layer adds what the samples contribute.",
      formula: "claimed (1/n^2) sum of g_i, true (1/n) sum of g_i for n samples",
      remedy: "Keep 1/n in the derivative of the loss and remove it from the layers."),
    DiagnosisLesson(
      id: "scaled",
      lesson:
        "The direction is right and the length is not: a constant of the forward pass is missing "
        + "from the derivative, or is in it twice. Typical ones are the 2 of a square, the 1/2 before it, and "
        + "a factor for the loss.",
      formula: "claimed a G, true G",
      remedy:
        "Read the factor, and search for it among the constants of the loss: batch, width, 2, 1/2."),
    DiagnosisLesson(
      id: "batch-factor",
      lesson:
        "The factor is a width of the model, or the batch times a width. A mean over all numbers of "
        + "the output divides by samples times outputs; a mean over samples divides by samples only.",
      formula: "claimed w G or G / w, true G for a width w",
      remedy:
        "Write down over what the loss takes its mean, and divide by that number exactly once."),
    DiagnosisLesson(
      id: "activation-derivative-missing",
      lesson:
        "For y = act(z) the chain rule multiplies the cotangent by act'(z), element by element, before "
        + "it goes on to the kernel, the bias and the input. Without it every layer before is wrong as well.",
      formula: "claimed dz = dy, true dz = dy * act'(z); for tanh act'(z) = 1 - y^2",
      remedy:
        "Multiply by the derivative first, and use the result for kernel, bias and input alike."),
    DiagnosisLesson(
      id: "activation-derivative-misplaced",
      lesson:
        "The derivative belongs to what the activation was applied to, once. The formulas 1 - y^2 and "
        + "y (1 - y) expect the output y; act'(z) expects the preactivation z. Mixing the two is "
        + "invisible where z is small.",
      formula:
        "claimed dz = dy * act'(y), dy * (1 - z^2) or dy * act'(z)^2, true dz = dy * act'(z)",
      remedy: "Decide for one of the two forms, and look at which variable is given to it."),
    DiagnosisLesson(
      id: "batch-not-summed",
      lesson:
        "A batch has one contribution for each sample, and the gradient is their sum. A loop that "
        + "assigns keeps the last one; code for one sample takes the first row of a batch.",
      formula:
        "claimed g_1 or g_n, true g_1 + ... + g_n, each with the weight that the loss gives it",
      remedy: "Add within the loop, or write the product of matrices, which adds over rows: x^T dz."
    ),
    DiagnosisLesson(
      id: "rounded",
      lesson:
        "The gradient passed through a format with few digits, such as float16 or bfloat16. It is right "
        + "within their rounding; sums of many such numbers are not.",
      formula: "claimed round(G), true G",
      remedy: "Accumulate in float32 or better, or state the precision of the claim with --rtol."),
    DiagnosisLesson(
      id: "stray-weight-term",
      lesson:
        "The gradient holds a multiple of the weights that the loss does not hold: a decay or a "
        + "regulariser was added to the gradient alone, or once more than to the loss.",
      formula: "claimed G + lambda W, true G",
      remedy:
        "Either the loss has the penalty as well, or the optimizer has the decay and the gradient has "
        + "none."),
    DiagnosisLesson(
      id: "penalty-forgotten",
      lesson:
        "The loss holds a penalty on the weights and the gradient leaves it out. The network learns as "
        + "if there were no penalty, and only the reported loss is larger.",
      formula: "claimed G, true G + 2 a W for a loss with a times the sum of squares of W",
      remedy:
        "Differentiate the penalty: a times the sum of squares adds 2 a W, once for each parameter."
    ),
    DiagnosisLesson(
      id: "regulariser-missing",
      lesson: "The loss has a term that reads the weights, and the claimed gradient leaves it out.",
      formula: "claimed G, true G + lambda W",
      remedy: "Add the derivative of the term to the parameter that it reads, once."),
    DiagnosisLesson(
      id: "regulariser-scaled",
      lesson: "The term of the loss that reads the weights has another factor in the gradient. Of "
        + "lambda |W|^2 / 2 the derivative is lambda W, and of lambda |W|^2 it is 2 lambda W.",
      formula: "claimed G + a lambda W, true G + lambda W",
      remedy: "Compare the factor of the term in the loss with the factor of its derivative."),
  ]

  private static let ofUpdatesAndLayers = [
    DiagnosisLesson(
      id: "step-per-contribution",
      lesson:
        "The optimizer is called for each contribution instead of once for their sum. Plain gradient "
        + "descent cannot show it, because its steps add up; momentum and Adam count every call as a batch.",
      formula: "W moves by A(G_enc), then by A(G_dec^T), instead of by A(G_enc + G_dec^T)",
      remedy: "Add all contributions first, and step once for each parameter and batch."),
    DiagnosisLesson(
      id: "undeclared-use",
      lesson:
        "A layer reads a parameter that it does not list. Whoever counts, saves, freezes or trains by "
        + "the list passes over this use.",
      formula: "y depends on W, and W is not among the layer's parameters",
      remedy: "List everything the layer reads among its kernels and biases."),
    DiagnosisLesson(
      id: "state-lost",
      lesson:
        "The optimizer begins anew at every step: its averages are those of one batch. That happens "
        + "where it is made inside the loop, or keeps its state by something that changes, such as an index or "
        + "a value. Plain gradient descent has no state and cannot show it.",
      formula: "m = (1 - beta) g at every step, true m = beta m + (1 - beta) g",
      remedy:
        "Make the optimizer once, before the loop, and keep its state by the parameter's identity."),
    DiagnosisLesson(
      id: "gradient-doubled",
      lesson:
        "One step is made, by twice the gradient: the uses were added up and then added up again.",
      formula: "W moves by A(2 G) instead of by A(G)",
      remedy: "Add the contributions in one place only, before the optimizer or in it."),
    DiagnosisLesson(
      id: "gradient-averaged",
      lesson:
        "The step uses the mean of what the uses contribute. The derivative of a function that reads W "
        + "twice is the sum.",
      formula: "W moves by A((G_enc + G_dec^T) / 2) instead of by A(G_enc + G_dec^T)",
      remedy: "Add the contributions and do not divide by their number."),
    DiagnosisLesson(
      id: "one-path-only",
      lesson:
        "The step uses what one use contributes, and forgets the others: a buffer was overwritten, "
        + "or the optimizer took the gradient of one layer.",
      formula: "W moves by A(G_enc) instead of by A(G_enc + G_dec^T)",
      remedy:
        "Give the optimizer the sum over all uses, and assign no gradient that was there before."),
    DiagnosisLesson(
      id: "freeze-ignored",
      lesson:
        "A parameter, or a row of it, must stay as it is, and moves. A zero gradient is not enough: "
        + "weight decay and momentum move a weight whose gradient is zero.",
      formula: "W moves by A(0) or by A(G), and must not move at all",
      remedy: "Leave it out of the optimizer, or restore it after each step."),
    DiagnosisLesson(
      id: "bias-missing",
      lesson:
        "The layer has a bias and does not add it. Its gradient is then zero, rightly, and the "
        + "gradient check has nothing to object: the model is another one.",
      formula: "y = x K, where y = x K + b was promised",
      remedy: "Add the bias in the forward pass, and its column sums in the backward pass."),
    DiagnosisLesson(
      id: "scaled-forward",
      lesson:
        "The layer uses its kernel times a constant that it does not state. The model is consistent "
        + "with itself and is another one than it says.",
      formula: "y = x (a K) + b, where y = x K + b was promised",
      remedy: "State the factor, or remove it; the backward pass needs the same one."),
  ]
}
