import GSLKit
import GradientCheck
import TiedLayers
import TiedModels

extension LargeNetworkTally {
  /// Checks tied autoencoders 784-128-784 at batch 4 by the directions that the checker chooses at that
  /// size, right and with one entry of the kernel wrong by 1 % of the gradient's rms.
  init(networks: Int, seed: UInt64) throws {
    for number in 0..<networks {
      let random = RandomSource(seed: seed &* 7919 &+ UInt64(number))
      let chain = try Models.autoencoder(
        features: 784, hidden: [128], tied: true, random: random, as: Double.self)
      let input = random.matrix(rows: 4, columns: 784, as: Double.self)
      let objective = ChainObjective(
        Network(chain, loss: .binaryCrossEntropy), input: input, target: input)
      let checker = GradientChecker(CheckOptions(seed: seed &+ UInt64(number)))
      var claims = try objective.gradients().map { $0! }
      self.networks += 1
      let right = try checker.check(ClaimedObjective(objective, claims))
      if right.verdict != .pass { falseAlarms += 1 }
      let place = random.integer(below: claims[0].count)
      claims[0][place] += random.sign() * 0.01 * rootMeanSquare(claims[0])
      let wrong = try checker.check(ClaimedObjective(objective, claims))
      guard wrong.verdict == .fail else { continue }
      found += 1
      let index = objective.parameters[0].position(of: place)
      if wrong.parameters[0].worst.contains(where: { $0.index == index && $0.verdict == .fail }) {
        located += 1
      }
    }
  }
}
