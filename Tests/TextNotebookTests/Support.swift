import Foundation

@testable import TextNotebook

/// A notebook from a text, which gets its last line's end here.
func notebook(_ text: String, name: String = "01-a.txt") throws -> Notebook {
  try Notebook(text + "\n", name: name)
}

/// What is said of a text that is no notebook.
func complaint(_ text: String) -> String { complaint(Data(text.utf8)) }

func complaint(_ data: Data) -> String {
  do {
    _ = try Notebook(data, name: "01-a.txt")
    return "nothing"
  } catch {
    return "\(error)"
  }
}

/// Random numbers that are the same in every run (SplitMix64; Steele, Lea & Flood 2014).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Every kind of cell, with options, empty lines and prose in every place.
let sample = """
  # 03 Title

  Prose, and a display:

      y = W x

  - an item
    that goes on

  %% swift file
    import Foundation
  %% swift
    let x = 1

    print(x, 0.5)
  Prose between.
  %% output rtol=1e-6 atol=1e-9
    1 0.5
    ...
    loss [..]

  %% file name=model.py
    import json

  %% tiecheck needs=python3:torch,git
    $ tiecheck check --model original \\
      --seed 3
    $ tiecheck doctor
  %% output
  The end, é 核.

  """
