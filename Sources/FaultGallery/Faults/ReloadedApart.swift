import GSLKit
import GradientCheck
import TiedLayers

/// A file that forgets what was shared.
package struct ReloadedApart: Fault {
  package let id = "reloaded-apart"
  package let summary =
    "saving and loading makes two parameters of one"
  package let lesson =
    "A file of layers with their weights holds the shared kernel twice, and whoever reads it "
    + "has no reason to think that the two are one. Save parameters by name, and in each layer "
    + "the name."
  package let source = "keras#7116"
  package let convictor = Convictor.structure
  package let diagnosis = "reloaded-apart"
  package let explanation = FaultExplanation(
    tempting:
      "The loaded model predicts exactly what the saved one did.",
    formula:
      "60 parameters saved, 120 loaded: W1 = W2 = W until the first step",
    swift: """
      {"kernel": "W", "transposed": true}   // a layer names its kernel in the file
      """,
    keras: """
      model.save_weights("w.weights.h5")
      tied = build_tied_model()              # right: tie first,
      tied.load_weights("w.weights.h5")      # then load values into what is tied
      """,
    pytorch: """
      torch.save(model.state_dict(), "w.pt")
      model = Tied()                              # right: the constructor ties,
      model.load_state_dict(torch.load("w.pt"))   # and loading fills what is tied
      """)

  package init() {}

  package func wrong(_ handling: ModelHandling) -> ModelHandling {
    var wrong = handling
    wrong.reload = { file in
      var loaded = try handling.reload(file)
      loaded.network.chain = loaded.network.chain.untied()
      return loaded
    }
    return wrong
  }
}
