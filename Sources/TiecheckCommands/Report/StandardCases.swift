import FaultGallery
import TiedLayers
import TiedModels

/// What `tiecheck report` checks when nobody says what to check.
enum StandardCases {
  static func requests(seed: UInt64) -> [ModelRequest] {
    func request(_ model: String) -> ModelRequest {
      ModelRequest(model: ModelCatalogue.named(model)!, seed: seed)
    }
    var original = request("original")
    original.name = "original pair, as it was meant"

    let tied = request("tied-autoencoder")
    let untied = request("untied-autoencoder")

    var deep = request("tied-autoencoder")
    deep.choices.hidden = [24, 8]

    // Evidence that the check can fail.
    var asWritten = request("original-as-written")
    asWritten.name = "original pair, as it was written"
    return [original, tied, untied, deep, asWritten]
  }
}
