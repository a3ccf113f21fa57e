import Testing

@testable import ModelPipe

@Suite struct StillUsesTests {
  /// A table of three rows that an embedding and a head read; only the embedding does not train row 1.
  private func description() -> PipeDescription {
    var description = PipeDescription(
      protocol: PipeProtocol.version,
      parameters: [.init(name: "table", shape: [3, 2], values: [1, 2, 3, 4, 5, 6])],
      can: ["gradient", "use"])
    description.uses = [
      .init(layer: "embedding", parameter: 0, untrainedRows: [1]),
      .init(layer: "head", parameter: 0, transposed: true),
    ]
    return description
  }

  private func change(_ entry: Int, _ value: Double) -> PipeChange {
    PipeChange(parameter: 0, at: [entry], to: [value])
  }

  @Test func aRowThatIsNotTrainedStaysForItsUseAlone() throws {
    let description = description()
    let parameters = try description.validated()
    let still = StillUses(description, parameters)
    let moved = still.hold(PipePoint(set: [change(2, 9)]), parameters)
    #expect(moved.set == [change(2, 9)])
    #expect(moved.inUses == [PipeUseChange(use: 0, set: [change(2, 3)])])
    // Another row moves for both.
    #expect(
      still.hold(PipePoint(set: [change(0, 9)]), parameters) == PipePoint(set: [change(0, 9)]))
    // The embedding's own path does not move there, the head's does.
    let own = PipePoint(inUse: PipeUseChange(use: 0, set: [change(2, 9)]))
    #expect(still.hold(own, parameters).inUse?.set == [change(2, 9), change(2, 3)])
    let other = PipePoint(inUse: PipeUseChange(use: 1, set: [change(2, 9)]))
    #expect(still.hold(other, parameters) == other)
  }

  /// What stays is the value at which the claim was asked for.
  @Test func theAnchorFollowsTheClaims() throws {
    let description = description()
    let parameters = try description.validated()
    let still = StillUses(description, parameters)
    parameters[0][2] = 7
    still.remember(parameters)
    #expect(still.hold(PipePoint(set: [change(2, 7)]), parameters).inUses == nil)
    #expect(
      still.hold(PipePoint(set: [change(2, 8)]), parameters).inUses?[0].set == [change(2, 7)])
    parameters[0][2] = 3
    #expect(
      still.hold(PipePoint(set: [change(2, 8)]), parameters).inUses?[0].set == [change(2, 3)])
  }

  @Test func entriesThatNoUseTrainsDoNotMove() throws {
    var description = description()
    description.uses = nil
    description.parameters[0].untrainedEntries = [5]
    let parameters = try description.validated()
    let still = StillUses(description, parameters)
    let held = still.hold(PipePoint(set: [change(5, 9)]), parameters)
    #expect(held.set == [change(5, 9), change(5, 6)])
    #expect(still.hold(PipePoint(set: [change(4, 9)]), parameters).set == [change(4, 9)])
  }

  @Test func placesThatAreNotThereAreRefused() {
    var description = description()
    description.uses![0].untrainedRows = [3]
    #expect(throws: PipeError.self) { try description.validated() }
    description = self.description()
    description.can = ["gradient"]
    #expect(throws: PipeError.self) { try description.validated() }
    description = self.description()
    description.parameters[0].untrainedEntries = [-1]
    #expect(throws: PipeError.self) { try description.validated() }
  }
}
