import Foundation
import GSLKit
import Testing
import TiedLayers

@testable import GradientCheck
@testable import ModelPipe

/// A pair behind a pipe, its answers edited on their way.
private func piped(
  _ served: any Objective, ties: [[String]] = [["dense", "transposed_dense"]],
  trainings: [PipeServer.Training] = [], edit: @escaping (String) -> String = { $0 }
) throws -> PipeObjective {
  try PipeObjective(
    Loopback(PipeServer(served, ties: ties, trainings: trainings), edit: edit))
}

private func without(_ capability: String) -> (String) -> String {
  { $0.replacingOccurrences(of: "\"\(capability)\"", with: "\"nothing\"") }
}

private func run(_ objective: any SummarizedObjective, steps: Int = 3) throws -> CaseResult {
  let piped = objective as? PipeObjective
  return try CheckCase(
    name: "pair", model: "program", expectedTies: piped?.ties ?? [],
    subjects: piped?.updateSubjects(steps: steps) ?? [], steps: steps,
    scope: piped?.scope ?? .everything
  ) {
    objective
  }.run(CheckOptions())
}

/// Claims the first use's contribution for the whole gradient of the kernel.
private final class PathLost: SummarizedObjective {
  let right: ChainObjective<Double>
  init(_ right: ChainObjective<Double>) { self.right = right }
  var parameters: [any AnyParameter] { right.parameters }
  func value() throws -> Double { try right.value() }
  var uses: [Use] { right.uses }
  var layerNames: [String] { right.layerNames }
  var lossName: String { right.lossName }
  var batch: Int { right.batch }
  var hasEqualSamples: Bool { false }
  func summary() throws -> ModelSummary { try right.summary() }
  func pathFunction(_ use: Use) throws -> PathFunction { try right.pathFunction(use) }
  func gradientsByUse() throws -> [[Double]?] {
    zip(uses, try right.gradientsByUse()).map { use, claim in
      use.layer == 1 && use.parameter == 0 ? nil : claim
    }
  }
  func gradients() throws -> [[Double]?] {
    [try right.gradientsByUse()[0]] + (try right.gradients().dropFirst())
  }
}

@Suite struct PipeObjectivePathsTests {
  @Test func usesAndSummaryAreThoseOfTheModel() throws {
    let direct = try pair()
    let piped = try piped(pair())
    #expect(piped.uses.map(\.name) == direct.uses.map(\.name))
    #expect(piped.uses.map(\.isTransposed) == direct.uses.map(\.isTransposed))
    #expect(piped.uses.map(\.parameter) == direct.uses.map(\.parameter))
    #expect(piped.lossName == direct.lossName && piped.batch == direct.batch)
    #expect(try piped.summary() == direct.summary())
    #expect(try piped.gradientsByUse() == direct.gradientsByUse())
  }

  /// A program may describe as many as it likes; they are counted in one pass.
  @Test func manyUses() throws {
    let use = #"{"layer":"l","parameter":0}"#
    let uses = Array(repeating: use, count: 20_000).joined(separator: ",")
    let piped = try PipeObjective(
      Script(
        """
        {"id":1,"protocol":"tiecheck-pipe/1","parameters":[{"name":"w","shape":[1],"values":[1]}],\
        "can":["gradient"],"uses":[\(uses),{"layer":"m","parameter":0}]}
        """))
    let found = piped.uses
    #expect(found.count == 20_001 && found[19_999].name == "l use 20000")
    #expect(found[19_999].slot == 19_999 && found[19_999].occurrence == 19_999)
    #expect(found[20_000].slot == 0 && !found[20_000].isRepeated && found[20_000].layer == 1)
  }

  /// All of the check, and its numbers, but for what only layers of this package can be asked.
  @Test func theVerdictsAreThoseOfTheModel() throws {
    let piped = try piped(
      pair(), trainings: [.init("adam", makeOptimizer: { Adam(learningRate: 0.01) })])
    let (found, expected) = (try run(piped), try run(pair()))
    #expect(found.verdict == .pass)
    #expect(found.gradient.parameters.map(\.entries) == expected.gradient.parameters.map(\.entries))
    let (group, other) = (found.tie.groups[0], expected.tie.groups[0])
    #expect(group.paths.map(\.norm) == other.paths.map(\.norm))
    #expect(group.paths.map(\.claimedNorm) == other.paths.map(\.claimedNorm))
    #expect(group.paths.map(\.share) == other.paths.map(\.share))
    #expect(group.sumRule.verdict == .pass && group.identity == nil)
    #expect(other.identity?.verdict == .pass)
    #expect(group.follows.map(\.verdict) == [.pass, .pass])
    #expect(found.updates.optimizers.map(\.verdict) == [.pass])
    #expect(found.updates.optimizers[0].stateSlots == 3)
    #expect(found.updates.optimizers[0].through.isEmpty)
    #expect(found.notAsked?.count == 1 && expected.notAsked == nil)
  }

  @Test func aLostPathIsNamedWithAndWithoutClaimsByUse() throws {
    for edit in [{ $0 }, without("gradient_by_use")] {
      let found = try run(piped(PathLost(pair()), edit: edit))
      #expect(found.verdict == .fail)
      #expect(found.diagnoses.map(\.id) == ["missing-path"])
      #expect(found.diagnoses[0].sentence.contains("transposed_dense"))
    }
  }

  /// The paths are measured, and nothing is said of claims.
  @Test func withoutClaimsByUse() throws {
    let found = try run(piped(pair(), edit: without("gradient_by_use")))
    #expect(found.verdict == .pass)
    let group = found.tie.groups[0]
    #expect(group.paths.map(\.claimedNorm) == [nil, nil] && group.sumRule.maxClaimedError == nil)
    let shares: Double = group.paths.map(\.share).reduce(0, +)
    #expect(abs(shares - 1) < 1e-6)
    #expect(found.notAsked?.contains { $0.contains("\"gradient_by_use\"") } == true)
  }

  @Test func withoutUses() throws {
    let found = try run(piped(pair(), edit: without("use")))
    #expect(found.tie.groups.isEmpty && found.tie.verdict == .pass)
    // The kernel is shared, and its paths could not be asked for.
    #expect(found.asks(.ties) && !found.sharesNothing)
    #expect(found.notAsked?.contains { $0.contains("does not list \"use\"") } == true)
    let opaque = try piped(
      FunctionObjective(at: [1, 2], loss: { $0[0] * $0[1] }, gradient: { [$0[1], $0[0]] }), ties: []
    )
    #expect(opaque.layerNames == ["model"] && opaque.claimsByUse && !opaque.measuresPaths)
    let plain = try run(opaque)
    #expect(plain.verdict == .pass && !plain.asks(.ties) && !plain.sharesNothing)
    #expect(plain.notAsked?.contains { $0.contains("does not describe its uses") } == true)
  }

  /// Nobody can be asked what his uses claim who names none.
  @Test func claimsByUseWithoutUsesAreNotAskedFor() throws {
    let loopback = Loopback(
      PipeServer(
        FunctionObjective(at: [1, 2], loss: { $0[0] * $0[1] }, gradient: { [$0[1], $0[0]] }))
    ) {
      $0.replacingOccurrences(
        of: #""can":["gradient"]"#, with: #""can":["gradient","gradient_by_use"]"#)
    }
    let found = try run(PipeObjective(loopback))
    #expect(found.verdict == .pass)
    #expect(loopback.questions.allSatisfy { !$0.contains("by_use") })
  }

  /// What is said to be shared and has one use; and what has a use that nobody declared.
  @Test func aTieThatIsNotThere() throws {
    let random = RandomSource(seed: 7)
    let encoder = Dense<Double>(
      "encoder", kernel: Kernel("W", random.matrix(rows: 3, columns: 3, -0.5, 0.5)))
    let decoder = Dense("decoder", kernel: encoder.kernel.transposed)
    let input: Matrix<Double> = random.matrix(rows: 4, columns: 3)
    let served = ChainObjective(
      Network(Chain([encoder, decoder]), loss: .meanSquaredError), input: input, target: input)
    let found = try run(
      piped(served, ties: [["encoder", "decoder"]]) {
        without("gradient_by_use")(
          $0.replacingOccurrences(
            of: #",{"layer":"decoder","parameter":0,"transposed":true}"#, with: ""))
      })
    // The gradient is right, and the description is not complete: nobody is convicted, and nobody is sure.
    #expect(found.tie.verdict == .inconclusive)
    let remarks = (found.remarks ?? []).map(\.sentence)
    #expect(remarks.contains { $0.contains("no use by decoder was found") })
    #expect(remarks.contains { $0.contains("which alone declares it.") })
  }

  /// A use that hears nothing of its parameter.
  @Test func aCopyThatWasTakenOnce() throws {
    let served = Deaf()
    let found = try run(piped(served, ties: [["encoder", "decoder"]]))
    #expect(found.tie.groups[0].follows.map(\.verdict) == [.pass, .fail])
    #expect(found.diagnoses.map(\.id) == ["stale-copy"])
    #expect(found.diagnoses[0].sentence.contains("decoder does not follow w"))
  }

  /// A recurrent layer starts from a state of zero: its first use has nothing to act on. That is no
  /// copy; a later use of which nothing is heard may be one.
  @Test func aUseThatNothingArrivesAt() throws {
    let found = try run(piped(Recurrent(), ties: []))
    let group = found.tie.groups[0]
    #expect(group.follows.map(\.verdict) == [.vacuous, .pass, .pass])
    #expect(group.follows[0].reason?.contains("nothing arrives there on this batch") == true)
    #expect(group.verdict == .pass && found.verdict == .pass && found.diagnoses.isEmpty)
    // Of the last step a copy, taken once.
    let copied = try run(piped(Recurrent(copiedAt: 2), ties: []))
    #expect(copied.tie.groups[0].follows.map(\.verdict) == [.vacuous, .pass, .inconclusive])
    #expect(copied.tie.groups[0].verdict == .inconclusive && copied.verdict != .pass)
    // Of every step one.
    let deaf = try run(piped(Recurrent(copiedAt: 0, 1, 2), ties: []))
    #expect(deaf.tie.groups[0].follows.map(\.verdict) == [.fail, .fail, .fail])
  }

  /// A program that takes its time over one point is not asked for many at once: it would be taken for
  /// a silent one.
  @Test func aSlowProgramIsAskedForOnePointAtATime() throws {
    let loopback = Loopback(PipeServer(try pair())) {
      usleep(120_000)
      return $0
    }
    let piped = try PipeObjective(loopback)
    _ = try piped.value()
    _ = try piped.values(changing: 0, (0..<3).map { (entry: $0, point: 0.5) })
    // The description, the value, and three points.
    #expect(loopback.questions.count == 5)
  }

  @Test func manyPointsAreAskedInFewQuestions() throws {
    let loopback = Loopback(PipeServer(try pair()))
    let piped = try PipeObjective(loopback)
    let points = (0..<2000).map { (entry: $0 % 25, point: Double($0) / 1000) }
    let together = try piped.values(changing: 0, points)
    #expect(loopback.questions.count < 200)
    let direct = try pair()
    for (point, value) in zip(points, together).prefix(50) {
      let alone = try direct.value(
        changing: direct.parameters[0], entry: point.entry, to: point.point)
      #expect(value == alone)
    }
    let use = piped.uses[2]
    let path = try direct.pathFunction(direct.uses[2])
    for (point, value) in zip(points, try piped.values(changing: use, points)).prefix(50) {
      #expect(try value == path(.entry(point.entry, to: point.point)))
    }
  }
}

/// The decoder reads numbers of long ago.
private final class Deaf: PathObjective {
  private let w = Parameter<Double>("w", try! Matrix([[0.5, -0.25, 0.75]]))
  private let copy = [0.5, -0.25, 0.75]
  var parameters: [any AnyParameter] { [w] }
  var layerNames: [String] { ["encoder", "decoder"] }
  var uses: [Use] {
    layerNames.indices.map {
      Use(layer: $0, layerName: layerNames[$0], parameter: 0, isTransposed: false)
    }
  }
  private func loss(_ w: [Double]) -> Double { zip(w, copy).reduce(0) { $0 + $1.0 * $1.0 * $1.1 } }
  func value() throws -> Double { loss(w.flat) }
  func gradients() throws -> [[Double]?] { [zip(w.flat, copy).map { 2 * $0 * $1 }] }
  func gradientsByUse() throws -> [[Double]?] { [try gradients()[0], nil] }
  func pathFunction(_ use: Use) throws -> PathFunction {
    { [self] change in use.layer == 0 ? w.standing(change) { loss(w.flat) } : loss(w.flat) }
  }
}

/// h := w h + x, three times from 0; the loss is h². Steps may read a copy that was taken once.
private final class Recurrent: SummarizedObjective {
  private let w = Parameter<Double>("w", [0.75])
  private let inputs = [0.5, -0.25, 0.875]
  private let copied: Set<Int>
  init(copiedAt steps: Int...) { copied = Set(steps) }
  var parameters: [any AnyParameter] { [w] }
  var layerNames: [String] { ["rnn"] }
  var uses: [Use] {
    (0..<3).map {
      Use(
        layer: 0, layerName: "rnn", slot: $0, slotName: "step \($0 + 1)", occurrence: $0,
        isRepeated: true, parameter: 0, isTransposed: false)
    }
  }
  var lossName: String { "square" }
  var batch: Int { 1 }
  var hasEqualSamples: Bool { false }
  func summary() throws -> ModelSummary {
    ModelSummary(layers: [], totalParameters: 1, sumOverLayers: 1)
  }
  private func weights() -> [Double] { (0..<3).map { copied.contains($0) ? 0.75 : w[0] } }
  private func states(_ weights: [Double]) -> [Double] {
    zip(weights, inputs).reduce(into: [0]) { $0.append($1.0 * $0.last! + $1.1) }
  }
  private func loss(_ weights: [Double]) -> Double { states(weights)[3] * states(weights)[3] }
  func value() throws -> Double { loss(weights()) }
  func gradients() throws -> [[Double]?] {
    [[try gradientsByUse().reduce(0) { $0 + ($1?[0] ?? 0) }]]
  }
  func gradientsByUse() throws -> [[Double]?] {
    let (weights, states) = (weights(), states(weights()))
    return (0..<3).map { step in
      let rest = weights[(step + 1)...].reduce(1, *)
      return copied.contains(step) ? nil : [2 * states[3] * rest * states[step]]
    }
  }
  func pathFunction(_ use: Use) throws -> PathFunction {
    { [self] change in
      var weights = weights()
      guard !copied.contains(use.occurrence) else { return loss(weights) }
      weights[use.occurrence] = w.standing(change) { w[0] }
      return loss(weights)
    }
  }
}
