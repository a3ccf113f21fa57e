import GradientCheck
import ModelPipe
import TiedLayers

/// The student's training, in the student's process, beginning at the teacher's point. It takes all of its steps
/// at once and they are handed out one by one.
final class RemoteTrainer: Trainer {
  private let accused: PipeObjective
  private let steps: Int
  private var way: PipeObjective.Steps?
  private var taken = 0

  init(_ accused: PipeObjective, steps: Int) {
    self.accused = accused
    self.steps = steps
  }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    if way == nil {
      for (own, other) in zip(accused.parameters, parameters) { own.flat = other.flat }
      do {
        way = try accused.steps(steps, optimizer: Judge.training)
      } catch {
        throw AccusedError(error)
      }
    }
    for (parameter, values) in zip(parameters, way!.parameters[taken]) { parameter.flat = values }
    taken += 1
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] { [:] }
  var stateSlots: Int { way?.states ?? 0 }
  var takesContributions: Bool { false }
  var countsStates: Bool { way?.states != nil }
}
