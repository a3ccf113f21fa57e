import Foundation
import Testing

@testable import GradientCheck

struct UpdateReferenceRecipeTests {
  @Test(arguments: [
    UpdateReference.sgd(learningRate: 0.1, weightDecay: 0.01), .momentum(learningRate: 0.2),
    .nesterov(learningRate: 0.1, momentum: 0.8, weightDecay: 0.1),
    .rmsprop(learningRate: 0.1, smoothing: 0.8, stabilizer: 0.1, stabilizerPlace: .inside),
    .adam(learningRate: 0.1, beta1: 0.8, beta2: 0.95, stabilizer: 0.1),
    .adamw(learningRate: 0.1, weightDecay: 0.2), .adam(learningRate: 0.1).clipped(to: 0.5),
  ])
  func theReferenceMadeOfARecipeIsTheSame(_ reference: UpdateReference) throws {
    let json = try JSONEncoder().encode(reference.recipe)
    let recipe = try JSONDecoder().decode(UpdateReference.Recipe.self, from: json)
    #expect(recipe == reference.recipe)
    let other = UpdateReference(recipe)
    #expect(other.name == reference.name && other.clippingNorm == reference.clippingNorm)
    var elements = [UpdateReference.Element(value: 0.7), UpdateReference.Element(value: 0.7)]
    for gradient in [0.3, -0.2, 0.9] {
      reference.rule(&elements[0], gradient)
      other.rule(&elements[1], gradient)
    }
    #expect(elements[0].value == elements[1].value && elements[0].value != 0.7)
  }
}
