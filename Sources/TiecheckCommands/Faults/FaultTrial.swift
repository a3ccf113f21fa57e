import FaultGallery
import GradientCheck
import TiedLayers

/// One fault of the gallery on the first small model that can have it, and the same model without it.
struct FaultTrial {
  let check: FaultCheck
  /// The model options that put it on trial.
  let arguments: [String]

  /// Small enough to be quick. The first is not square, so that nothing hides in it; some faults need a
  /// square kernel, and some another kind of model.
  private static let models: [[String]] =
    ["6", "4"].map { ["--features", $0, "--hidden", "4", "--batch", "5"] }
    + GalleryModel.all.filter { $0.model.name != "tied-autoencoder" }.map(arguments)

  /// What chooses a model of the gallery on the command line.
  static func arguments(_ shown: GalleryModel) -> [String] {
    let (model, choices) = (shown.model, shown.choices)
    var arguments = ["--model", model.name, "--features", "\(choices.features)"]
    if model.options.contains(.hidden) {
      arguments += ["--hidden", choices.hidden.map(String.init).joined(separator: ",")]
    }
    arguments += ["--batch", "\(choices.batch)"]
    if model.options.contains(.activation) {
      arguments += ["--activation", choices.activation.rawValue]
    }
    if model.options.contains(.outputActivation) {
      arguments += ["--output-activation", choices.outputActivation.rawValue]
    }
    // The words of a text that ships would be more than it takes.
    if model.readsText { arguments += ["--data", "random"] }
    if !choices.settings.isEmpty {
      arguments += ["--set", choices.settings.typed]
    }
    return arguments
  }

  /// - Throws: `FaultNotApplicable` where no model can have the fault.
  init(_ fault: any Fault, seed: UInt64) throws {
    (arguments, check) = try Self.firstCheck(of: fault, seed)
  }

  private static func firstCheck(of fault: any Fault, _ seed: UInt64) throws -> (
    [String], FaultCheck
  ) {
    var refusal: FaultNotApplicable?
    for chosen in models {
      let arguments = chosen + ["--seed", "\(seed)"]
      let options = try ModelOptions.parse(arguments)
      let model = try options.prepared(for: .check)
      do {
        let check = try FaultCheck(
          fault, options: options.settings.options, subjects: options.settings.subjects
        ) { try model.makeRight() }
        return (arguments + ["--fault", fault.id], check)
      } catch let error as FaultNotApplicable {
        refusal = refusal ?? error
      }
    }
    throw refusal!
  }

  /// What the check that must convict the fault found, one sentence each.
  var findings: [String] { check.wrong.diagnoses.map(\.sentence) }
}
