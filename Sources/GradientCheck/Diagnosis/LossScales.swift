/// The numbers that a gradient is easily multiplied or divided by once too often: how many samples the
/// loss is a mean over, how many outputs, how many uses a parameter has.
struct LossScales {
  /// nil if there is no batch.
  var batch: Int?
  /// Widths of the model, each with what it is, such as "the number of outputs".
  var widths: [(count: Int, what: String, isOutputs: Bool)] = []

  /// The factors of a whole gradient that mean something, as coefficients of what is added to it.
  /// - Parameters:
  ///   - names: the parameters whose gradients have the same factor.
  ///   - uses: how many layers use each of them.
  func meanings(of names: [String], uses: Int) -> [Signature.Meaning] {
    let list = Self.list(names)
    let gradient = names.count == 1 ? "the gradient of \(list) is" : "the gradients of \(list) are"
    func meaning(_ factor: Double, _ id: String, _ sentence: String) -> Signature.Meaning {
      Signature.Meaning(coefficient: factor - 1, id: id, sentence: sentence)
    }
    let claimed = "the claimed gradient\(names.count == 1 ? " of \(list) is" : "s of \(list) are")"
    var meanings = [
      meaning(0, "zero-gradient", "\(claimed) zero"),
      meaning(2, "doubled", "\(gradient) counted twice"),
    ]
    if uses > 1 {
      meanings.append(
        meaning(
          1 / Double(uses), "averaged",
          "the contributions to \(list) are averaged over \(names.count == 1 ? "its" : "their") \(uses) "
            + "uses instead of added, or the sum is multiplied by \(number(1 / Double(uses)))"))
    }
    if let batch, batch > 1 {
      meanings += [
        meaning(
          Double(batch), "sum-for-mean",
          "\(gradient) a sum over the \(batch) samples where the loss is a mean"),
        meaning(
          1 / Double(batch), "mean-twice",
          "\(gradient) divided by the \(batch) samples once too often"),
      ]
    }
    return meanings + widthMeanings(names, besides: meanings)
  }

  /// Factors that are a width, or the batch times a width: where nothing above has the same number.
  private func widthMeanings(
    _ names: [String], besides known: [Signature.Meaning]
  ) -> [Signature.Meaning] {
    var found: [Signature.Meaning] = []
    for (count, what, isOutputs) in widths where count > 1 {
      var candidates = [(count, what)]
      if isOutputs, let batch, batch > 1 {
        candidates.append((batch * count, "the \(batch) samples times \(what)"))
      }
      for (number, what) in candidates {
        for factor in [Double(number), 1 / Double(number)] {
          let c = factor - 1
          guard !(known + found).contains(where: { abs($0.coefficient - c) < 1e-9 }) else {
            continue
          }
          found.append(
            Signature.Meaning(
              coefficient: c, id: "batch-factor",
              sentence: sentence(scaledBy: factor, names)
                + "; \(number) is \(what), and a sum over them may stand where the other side has a mean"
            ))
        }
      }
    }
    return found
  }

  func sentence(scaledBy factor: Double, _ names: [String]) -> String {
    let list = Self.list(names)
    return names.count == 1
      ? "the claimed gradient of \(list) is the true one times \(number(factor))"
      : "the claimed gradients of \(list) are the true ones times \(number(factor))"
  }

  /// "W, b and c".
  static func list(_ names: [String]) -> String {
    guard names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
  }
}

extension LossScales {
  /// - Parameter outputs: how many outputs each sample has, where that is known.
  init(batch: Int?, outputs: Int?) {
    self.batch = batch
    widths = outputs.map { [($0, "the number of outputs", true)] } ?? []
  }

  /// With the lengths of the model's tensors, in which the number of outputs is, whatever it is.
  func including(_ tensors: [TensorResult]) -> LossScales {
    var all = self
    for tensor in tensors {
      for count in tensor.shape where !all.widths.contains(where: { $0.count == count }) {
        all.widths.append((count, "a length of \(tensor.name)", false))
      }
    }
    return all
  }
}
