// A tied pair in Swift that answers over a pipe, as any program can:
//
//     tiecheck verify -- .build/debug/pipe-example

import GSLKit
import GradientCheck
import ModelPipe
import TiedLayers

let random = RandomSource(seed: 7)
let encoder = Dense<Double>(
  "encoder", kernel: Kernel("W", random.matrix(rows: 6, columns: 4, -0.5, 0.5)), activation: .tanh)
let decoder = Dense("decoder", kernel: encoder.kernel.transposed)
let input: Matrix<Double> = random.matrix(rows: 8, columns: 6)
let pair = ChainObjective(
  Network(Chain([encoder, decoder]), loss: .meanSquaredError), input: input, target: input)

try PipeServer(
  pair, name: "pair in Swift", ties: [["encoder", "decoder"]],
  trainings: [
    .init("sgd", makeOptimizer: { SGD(learningRate: 0.1) }),
    .init("adam", makeOptimizer: { Adam(learningRate: 0.01) }),
  ]
).run()
