import GSLKit

extension Network {
  /// The loss of a batch as a sum with one term for each sample, without terms that read no data.
  package func sampleValues(_ input: Matrix<S>, target: Matrix<S>) throws -> [S] {
    try (0..<input.rows).map { row in
      let data = Network(chain, loss: loss)
      return try data.value(input.row(row), target: target.row(row)) / S(input.rows)
    }
  }

  /// What each sample contributes to the gradient of the batch: one `Gradients` for each sample,
  /// every parameter once in it however many layers use it. They add up to the gradient of the batch
  /// without the terms that read no data.
  package func sampleGradients(
    _ input: Matrix<S>, target: Matrix<S>
  ) throws -> [Gradients<S>] {
    try (0..<input.rows).map { row in
      let data = Network(chain, loss: loss)
      let whole = try data.gradients(input.row(row), target: target.row(row))
      var share = Gradients<S>()
      for parameter in whole.parameters {
        var scaled = Matrix<S>(rows: parameter.values.rows, columns: parameter.values.columns)
        try scaled.add(whole[parameter]!, scaledBy: 1 / S(input.rows))
        try share.add(scaled, to: parameter)
      }
      return share
    }
  }
}

extension Matrix {
  /// One row, as a matrix.
  package func row(_ i: Int) -> Matrix {
    var result = Matrix(rows: 1, columns: columns)
    result.elements = Array(elements[(i * columns)..<((i + 1) * columns)])
    return result
  }
}
