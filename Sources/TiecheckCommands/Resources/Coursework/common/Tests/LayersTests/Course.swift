import Testing

/// All exercises, one after the other: what one test says is on the screen before the next begins, even
/// if the next one takes the process down.
@Suite("Tied layers, 20 points", .serialized) struct Course {}
