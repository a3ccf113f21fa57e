import GSLKit
import GradientCheck
import TiedLayers

/// Gradients of single samples that are stacked where they should be added.
package struct PerSampleStacked: Fault {
  package let id = "per-sample-stacked"
  package let summary =
    "the per-sample gradients of the two uses are stacked, 2 N of them where N sums belong"
  package let lesson =
    "Differential privacy clips the gradient of each sample. If the two uses of a kernel are "
    + "clipped apart, a sample counts twice and the promise is broken. Add over uses first, "
    + "within each sample."
  package let source = "opacus#413"
  package let convictor = Convictor.structure
  package let diagnosis = "per-sample-stacked"
  package let explanation = FaultExplanation(
    tempting:
      "A hook on each layer records that layer's per-sample gradient, and two layers record "
      + "two.",
    formula:
      "g_i = g_i,enc + g_i,dec^T for each sample i; stacked: N rows of the one and N of the "
      + "other",
    swift: """
      let bySample = try network.sampleGradients(input, target: target)   // one for each sample
      """,
    keras: """
      # right: one gradient a sample, both uses in it
      tf.vectorized_map(lambda i: sample_gradient(x[i:i + 1]), tf.range(n))
      """,
    pytorch: """
      from torch.func import grad, vmap
      g = vmap(grad(loss_of_one), in_dims=(None, 0))(params, x)   # right: adds the uses
      # wrong: concatenating the grad_sample of every module that holds W
      """)

  package init() {}

  package func wrong(_ handling: ModelHandling) -> ModelHandling {
    var wrong = handling
    wrong.sampleGradients = { objective in
      let network = Network(objective.network.chain, loss: objective.network.loss)
      let share = 1 / Double(objective.input.rows)
      return try (0..<objective.input.rows).flatMap { row in
        let sample = ChainObjective(
          network, input: objective.input.row(row), target: objective.target.row(row))
        return try zip(sample.uses, sample.gradientsByUse()).compactMap { use, claimed in
          try claimed.map { claimed in
            let parameter = sample.typedParameters[use.parameter]
            let (rows, columns) = (parameter.values.rows, parameter.values.columns)
            var alone = Gradients<Double>()
            try alone.add(
              Matrix(rows: rows, columns: columns, elements: claimed.map { share * $0 }),
              to: parameter)
            return alone
          }
        }
      }
    }
    return wrong
  }
}
