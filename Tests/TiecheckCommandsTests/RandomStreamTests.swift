import Testing

@testable import TiecheckCommands

@Suite struct RandomStreamTests {
  @Test func streamsDiffer() {
    for seed: UInt64 in [0, 1, 7, 1 << 33] {
      let firsts = [
        RandomStream.parameters.source(seed: seed).uniform(),
        RandomStream.data.source(seed: seed).uniform(),
        RandomStream.data.source(seed: seed &+ 1).uniform(),
      ]
      #expect(Set(firsts).count == 3)
      #expect(firsts[0] == RandomStream.parameters.source(seed: seed).uniform())
    }
  }
}
