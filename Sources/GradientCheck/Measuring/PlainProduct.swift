import GSLKit
import TiedLayers

/// A layer's product with its kernel, computed by loops over the terms that its form lists: no BLAS,
/// and nothing of the layer's own code.
struct PlainProduct {
  let form: any ProductForm
  let kernel: Kernel<Double>
  let bias: Parameter<Double>?

  /// nil for a layer that states no form.
  init?(_ layer: any Layer<Double>) {
    guard let form = (layer as? any ActivatedLayer<Double>)?.productForm,
      let kernel = layer.kernels.first, layer.biases.count <= 1
    else { return nil }
    self.form = form
    self.kernel = kernel
    bias = layer.biases.first
  }

  /// Sums of terms, and what is needed to say how far rounding may have moved them.
  struct Sums {
    var values: [Double]
    /// The sums of the terms' absolute values.
    var sizes: [Double]
    /// The largest number of terms in one sum.
    var terms: Int
  }

  /// The products without the bias: one sum for each sample and output.
  func sums(at input: Matrix<Double>, misread: Misreading? = nil) -> Sums {
    let (batch, outputs) = (input.rows, form.outputs)
    var sums = Sums(
      values: [Double](repeating: 0, count: batch * outputs),
      sizes: [Double](repeating: 0, count: batch * outputs), terms: 0)
    var counts = [Int](repeating: 0, count: outputs)
    input.elements.withUnsafeBufferPointer { x in
      sums.values.withUnsafeMutableBufferPointer { values in
        sums.sizes.withUnsafeMutableBufferPointer { sizes in
          form.forEachTerm { o, i, row, column in
            let read = misread?.element(row, column) ?? (row: row, column: column)
            let weight = kernel[read.row, read.column]
            counts[o] += 1
            var sample = 0
            while sample < batch {
              let term = x[sample * input.columns + i] * weight
              values[sample * outputs + o] += term
              sizes[sample * outputs + o] += abs(term)
              sample += 1
            }
          }
        }
      }
    }
    sums.terms = counts.max() ?? 0
    return sums
  }

  /// What is wrong with a preactivation; nil where it is right to within rounding.
  func difference(from actual: Matrix<Double>, at input: Matrix<Double>) -> (
    id: String?, sentence: String
  )? {
    guard actual.rows == input.rows, actual.columns == form.outputs, input.columns == form.inputs
    else { return (nil, "has an output of another shape") }
    let product = sums(at: input)
    let offset = product.values.indices.map { k in
      bias?[form.biasElement(of: k % form.outputs)] ?? 0
    }
    let difference = product.values.indices.map {
      actual.elements[$0] - (product.values[$0] + offset[$0])
    }
    let allowed = product.values.indices.map {
      4 * Double(product.terms + 8) * Double.unitRoundoff
        * (product.sizes[$0] + 2 * abs(offset[$0]))
    }
    func isLeft(_ part: [Double], times c: Double) -> Bool {
      difference.indices.allSatisfy { abs(difference[$0] - c * part[$0]) <= allowed[$0] }
    }
    if isLeft(product.values, times: 0) { return nil }
    if isLeft(offset, times: 1) { return ("bias-twice", "adds its bias twice") }
    if isLeft(offset, times: -1) { return ("bias-missing", "does not add its bias") }
    let square = innerProduct(product.values, product.values)
    let c = square > 0 ? innerProduct(difference, product.values) / square : 0
    if isLeft(product.values, times: c) {
      return ("scaled-forward", "uses its kernel times \(number(1 + c))")
    }
    for misreading in form.misreadings {
      let misread = sums(at: input, misread: misreading)
      let allowedBoth = zip(allowed, misread.sizes).map {
        $0 + 4 * Double(product.terms + 8) * Double.unitRoundoff * $1
      }
      if difference.indices.allSatisfy({
        abs(actual.elements[$0] - (misread.values[$0] + offset[$0])) <= allowedBoth[$0]
      }) {
        return (misreading.id, misreading.sentence)
      }
    }
    let largest = difference.indices.max { abs(difference[$0]) < abs(difference[$1]) }!
    return (
      nil,
      "does not compute \(form.formula): its output for sample \(largest / form.outputs), unit "
        + "\(largest % form.outputs) differs by \(size(difference[largest]))"
    )
  }
}
