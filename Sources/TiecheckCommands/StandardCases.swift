/// What `tiecheck report` checks when nobody says what to check.
enum StandardCases {
  static func requests(seed: UInt64) -> [ModelRequest] {
    var original = ModelRequest(model: .original, seed: seed)
    original.name = "original pair, as it was meant"

    let tied = ModelRequest(model: .tiedAutoencoder, seed: seed)
    let untied = ModelRequest(model: .untiedAutoencoder, seed: seed)

    var deep = ModelRequest(model: .tiedAutoencoder, seed: seed)
    deep.hidden = [24, 8]

    // Evidence that the check can fail.
    var asWritten = ModelRequest(model: .originalAsWritten, seed: seed)
    asWritten.name = "original pair, as it was written"
    return [original, tied, untied, deep, asWritten]
  }
}
