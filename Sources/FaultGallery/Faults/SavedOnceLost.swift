import GSLKit
import GradientCheck
import TiedLayers

/// A kernel that is saved once, and missed under its second name.
package struct SavedOnceLost: Fault {
  package let id = "saved-once-lost"
  package let summary =
    "the shared kernel is saved once; loading misses the second name and makes a random kernel"
  package let lesson =
    "Removing duplicates when saving is right, and then loading must know that a missing name "
    + "is a tie and not an omission. Whoever skips missing names silently gets random weights."
  package let source = "transformers#38870"
  package let convictor = Convictor.structure
  package let diagnosis = "saved-once-lost"
  package let explanation = FaultExplanation(
    tempting:
      "Loading with missing names is allowed, so that pretrained weights can be used at all.",
    formula:
      "V is random after loading: the loss of the loaded model is another",
    swift: """
      {"kernel": "W", "transposed": true}   // a layer names its kernel in the file
      """,
    keras: """
      model.load_weights(path, skip_mismatch=True)   # wrong: warns, and keeps random weights
      model.load_weights(path)                       # right: raises
      """,
    pytorch: """
      model.load_state_dict(state, strict=False)   # wrong: a missing key stays random
      missing, _ = model.load_state_dict(state, strict=False)
      assert set(missing) <= {"decoder.weight"}    # right: only the name of a tie,
      decoder.weight = encoder.weight              # and then tie
      """)

  package init() {}

  package func wrong(_ handling: ModelHandling) -> ModelHandling {
    var wrong = handling
    wrong.reload = { file in
      var loaded = try handling.reload(file)
      loaded.network.chain = try loaded.network.chain.withKernelsOfItsOwn(fault: id) { kernel in
        Kernel(
          kernel.parameter.name + "_new",
          RandomSource(seed: 38870).matrix(rows: kernel.rows, columns: kernel.columns, -0.7, 0.7))
      }
      return loaded
    }
    return wrong
  }
}
