import TiedLayers

extension PipeDescription.OptimizerDescription {
  /// What is known of a trainer: the rule of one that this package has.
  init(_ name: String, _ trainer: any Trainer) {
    self.init(name: name, rule: "unknown")
    switch (trainer as? OptimizerTrainer)?.optimizer {
    case let sgd as SGD:
      rule = "sgd"
      rates.learningRate = sgd.learningRate
      rates.momentum = sgd.momentum
      rates.nesterov = sgd.isNesterov
      rates.weightDecay = sgd.weightDecay
    case let rmsprop as RMSProp:
      rule = "rmsprop"
      rates.learningRate = rmsprop.learningRate
      rates.smoothing = rmsprop.smoothing
      rates.stabilizer = rmsprop.stabilizer
    case let adam as Adam:
      rule = "adamw"
      rates.learningRate = adam.learningRate
      rates.weightDecay = adam.decoupledDecay
      rates.beta1 = adam.beta1
      rates.beta2 = adam.beta2
      rates.stabilizer = adam.stabilizer
    default: break
    }
  }
}
