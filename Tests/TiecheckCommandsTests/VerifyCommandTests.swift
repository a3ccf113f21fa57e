import CheckReport
import Foundation
import GradientCheck
import ModelPipe
import Testing

@testable import TiecheckCommands

/// The interpreter that the examples are run with.
private let python = ProcessInfo.processInfo.environment["TIECHECK_PYTHON"] ?? "python3"

/// Whether a command exits with status 0.
private func succeeds(_ command: String...) -> Bool {
  guard let process = try? ChildProcess(command, standardError: .relayed { _ in }) else {
    return false
  }
  return process.finish(within: 60) == .exited(0)
}

private let hasPython = succeeds(python, "-c", "import json")
private let hasNumPy = hasPython && succeeds(python, "-c", "import numpy")
private let hasTorch = hasPython && succeeds(python, "-c", "import torch")
private let hasKeras = hasPython && succeeds(python, "-c", "import keras, tensorflow")
private let hasCompiler = succeeds("cc", "--version")

/// The examples that ship, with the adapters beside them as `--write-adapter` writes them.
private struct Examples {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    #expect(tiecheck("verify --write-adapter python -o", folder("tiecheck_pipe.py")).status == 0)
    #expect(tiecheck("verify --write-adapter c -o", folder("tiecheck_pipe.h")).status == 0)
  }

  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources/ModelPipe/Examples/\(name)").path
  }

  /// Checks an example; `arguments` are its own.
  func verify(_ name: String, _ arguments: String, options: String = "") throws -> CommandLineRun {
    let environment = ["PYTHONPATH": folder.path, "PYTHONDONTWRITEBYTECODE": "1"]
    return tiecheck(
      words: "verify --format json \(options) --",
      [python, Self.path(name)] + arguments.split(separator: " ").map(String.init),
      environment: environment)
  }
}

private func tiecheck(
  words: String, _ command: [String], errorTerminal: Bool = false,
  environment: [String: String] = [:]
) -> CommandLineRun {
  let said = Box()
  let out = Box()
  let console = Console(
    output: { out.append($0) }, error: { said.append($0) }, isErrorTerminal: errorTerminal,
    environment: environment)
  let arguments = words.split(separator: " ").map(String.init) + command
  let status = Tiecheck.run(arguments, console: console)
  return CommandLineRun(status: status, data: Data(out.text.utf8), error: said.text)
}

private func result(_ run: CommandLineRun) throws -> CaseResult {
  try #require(try CheckRecord(json: run.data).cases.first, "\(run.error)")
}

@Suite struct VerifyCommandTests {
  @Test func commandLinesThatMakeNoSense() {
    expectRefusal(tiecheck("verify"), 64, ["tiecheck verify -- python3 model.py"])
    expectRefusal(tiecheck("verify python3 model.py"), 64, ["python3"])
    expectRefusal(tiecheck("verify --write-adapter cobol"), 64, ["cobol"])
    expectRefusal(tiecheck("verify --write-adapter c -- true"), 64, ["--write-adapter"])
    expectRefusal(tiecheck("verify --timeout -1 -- true"), 64, ["seconds above 0"])
  }

  @Test func aProgramThatIsNotThere() {
    expectRefusal(tiecheck("verify -- no-such-program"), 66, ["no-such-program", "No such file"])
  }

  @Test(.enabled(if: hasPython, "python3 is not here"))
  func plainPython() throws {
    let examples = try Examples()
    let right = try examples.verify("plain_pair.py", "")
    #expect(right.status == 0, "\(right.error)")
    let found = try result(right)
    #expect(found.name == "plain_pair" && found.loss.name == "mean_squared_error")
    #expect(found.tie.groups.map { $0.uses.map(\.layer) } == [["encoder", "decoder"]])
    #expect(found.tie.groups[0].uses.map(\.transposed) == [false, true])
    #expect(found.tie.groups[0].identity == nil)
    let shares: Double = found.tie.groups[0].paths.map(\.share).reduce(0, +)
    #expect(abs(shares - 1) < 1e-6)
    #expect(found.notAsked?.contains { $0.contains("does not list \"steps\"") } == true)

    let wrong = try examples.verify("plain_pair.py", "detached")
    #expect(wrong.status == 1, "\(wrong.error)")
    #expect(try result(wrong).diagnoses.map(\.id) == ["missing-path"])
    #expect(try result(wrong).diagnoses[0].sentence.contains("the contribution of decoder"))
    #expect(try abs(result(wrong).diagnoses[0].coefficient + 1) < 1e-6)
  }

  @Test(.enabled(if: hasPython, "python3 is not here"))
  func theReportAndItsProgress() throws {
    let examples = try Examples()
    let report = examples.folder("report")
    let run = tiecheck(
      words: "verify --name mine --seed 3 --report \(report) --",
      [python, Examples.path("plain_pair.py")],
      errorTerminal: true, environment: ["PYTHONPATH": examples.folder.path])
    #expect(run.status == 0, "\(run.error)")
    #expect(run.output.contains("Not asked: updates: the program does not list \"steps\""))
    #expect(run.error.contains("mine: 100 % of 6 entries"))
    #expect(try examples.folder.text("report/report.md").contains("### What was not asked"))
    let record = try CheckRecord(json: Data(examples.folder.text("report/result.json").utf8))
    #expect(record.command.hasPrefix("tiecheck verify --name mine --seed 3 -- "))
  }

  @Test(.enabled(if: hasNumPy, "NumPy is not here"))
  func numPy() throws {
    let run = try Examples().verify("numpy_autoencoder.py", "", options: "--directions 2")
    #expect(run.status == 0, "\(run.error)")
    #expect(try result(run).gradient.parameters.map(\.shape) == [[100, 99], [99], [100]])
    // What nobody said is not known.
    let text = try TextReport.text(for: CheckRecord(json: run.data), color: false)
    #expect(!text.lowercased().contains("no parameter is shared"))
    let tied = try Examples().verify("numpy_autoencoder.py", "uses", options: "--directions 2")
    #expect(tied.status == 0, "\(tied.error)")
    #expect(try result(tied).tie.groups.map(\.parameter) == ["W"])
    #expect(try result(tied).tie.groups[0].uses.map(\.transposed) == [false, true])
  }

  @Test(
    .enabled(if: hasTorch, "PyTorch is not here; TIECHECK_PYTHON may name a Python that has it"),
    arguments: ["right", "right float", "aliased", "copied", "duplicate"])
  func pyTorch(kind: String) throws {
    let run = try Examples().verify("torch_ties.py", kind)
    let found = try result(run)
    #expect(found.tie.groups.map(\.parameter) == ["encoder.weight"])
    #expect(found.tie.groups[0].uses.map(\.layer) == ["encoder", "decoder"])
    #expect(found.updates.optimizers.count == 5)
    let names = [
      "aliased": "state-per-use", "copied": "missing-path", "duplicate": "stepped-twice",
    ]
    #expect(found.diagnoses.map(\.id) == names[kind].map { [$0] } ?? [])
    #expect(run.status == (names[kind] == nil ? 0 : 1))
  }

  @Test(
    .enabled(if: hasKeras, "Keras is not here; TIECHECK_PYTHON may name a Python that has it"),
    arguments: ["live", "live double", "written", "written double", "model double"])
  func keras(kind: String) throws {
    let run = try Examples().verify("keras_pair.py", kind)
    let found = try result(run)
    guard kind.hasPrefix("written") else {
      #expect(run.status == 0, "\(run.error)")
      #expect(found.diagnoses.isEmpty && found.updates.optimizers.count == 5)
      return
    }
    #expect(run.status == 1)
    #expect(found.diagnoses.map(\.id) == ["missing-path", "missing-path"])
    #expect(found.diagnoses.allSatisfy { $0.sentence.contains("transposed_dense is missing") })
  }

  /// A point's values may be what JSON has no number for.
  @Test(.enabled(if: hasPython, "python3 is not here"))
  func pointsThatAreNoNumbers() throws {
    let examples = try Examples()
    var commands = [[python, Examples.path("plain_pair.py")]]
    if hasCompiler {
      let program = examples.folder("tied_pair")
      #expect(
        succeeds(
          "cc", "-std=c99", "-I", examples.folder.path, "-o", program,
          Examples.path("tied_pair.c"), "-lm"))
      commands.append([program])
    }
    for command in commands {
      let process = try ChildProcess(
        command,
        environment: ProcessInfo.processInfo.environment.merging(
          ["PYTHONPATH": examples.folder.path]
        ) { $1 },
        standardError: .relayed { _ in })
      let change = #"{"set":[{"parameter":0,"at":[0],"to":["nan"]}]}"#
      let answer = try process.exchange(
        Data(#"{"id":1,"ask":"losses","points":[\#(change),{}]}"#.utf8))
      let losses = String(decoding: answer, as: UTF8.self)
      #expect(losses.contains("[\"nan\"") && !losses.contains("\"nan\"]"), "\(losses)")
      process.finish()
    }
  }

  /// A recurrent layer from a state of zero; uses that a layer has twice, and that nobody reads.
  @Test(
    .enabled(if: hasPython, "python3 is not here"),
    arguments: [
      ("right", ""), ("twice", "a layer uses a parameter twice"),
      ("unread", "the loss never reads p['w', 'head']"),
    ])
  func usesOfFunctions(kind: String, sentence: String) throws {
    let examples = try Examples()
    let program = try examples.folder.file("recurrent.py", recurrent)
    let run = tiecheck(
      words: "verify --format json --", [python, program, kind],
      environment: ["PYTHONPATH": examples.folder.path, "PYTHONDONTWRITEBYTECODE": "1"])
    guard sentence.isEmpty else {
      #expect(run.status == 65 && run.error.contains(sentence), "\(run.error)")
      return
    }
    #expect(run.status == 0, "\(run.error)")
    let group = try result(run).tie.groups[0]
    #expect(group.follows.map(\.name) == ["rnn step 1", "rnn step 2", "rnn step 3"])
    #expect(group.follows.map(\.verdict) == [.vacuous, .pass, .pass])
  }

  private let recurrent = """
    import sys
    from math import tanh
    import tiecheck_pipe as tiecheck

    x = [0.5, -0.25, 0.875]
    steps = ["rnn step 1", "rnn step 2", "rnn step 3"]

    def run(p):
        h = [0.0]
        for step, value in zip(steps, x):
            h.append(tanh(p["w", step] * h[-1] + value))
        return h

    def gradient(p):
        h = run(p)
        d, claims = 2 * h[3], {}
        for k in (2, 1, 0):
            e = d * (1 - h[k + 1] ** 2)
            claims["w", steps[k]] = e * h[k]
            d = e * p["w"]
        return claims

    uses = [(step, "w") for step in steps]
    if "twice" in sys.argv: uses = [("rnn", "w"), ("rnn", "w")]
    if "unread" in sys.argv: uses.append(("head", "w"))
    tiecheck.serve(tiecheck.functions({"w": 0.75}, lambda p: run(p)[3] ** 2, gradient, uses=uses))
    """

  /// Keras trains on penalties too: those of a regulariser are terms of the loss.
  @Test(
    .enabled(if: hasKeras, "Keras is not here; TIECHECK_PYTHON may name a Python that has it"))
  func kerasPenalties() throws {
    let examples = try Examples()
    let program = try examples.folder.file(
      "penalties.py",
      """
      import os
      os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
      import tiecheck_pipe as tiecheck
      import keras
      import numpy as np

      keras.utils.set_random_seed(7)
      keras.backend.set_floatx("float64")

      class Active(keras.layers.Dense):
          def call(self, inputs):
              outputs = super().call(inputs)
              self.add_loss(0.1 * keras.ops.mean(outputs ** 2))
              return outputs

      inputs = keras.Input((4,))
      dense = keras.layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.1), name="dense")
      model = keras.Model(inputs, Active(4, name="active")(dense(inputs)))
      x = np.random.default_rng(7).uniform(-1, 1, (5, 4))
      optimizers = {"sgd": lambda: keras.optimizers.SGD(0.1)}
      model.compile(loss="mse")
      print("evaluated", model.evaluate(x, x, batch_size=5, verbose=0))
      tiecheck.serve(
          tiecheck.keras_model(model, keras.losses.MeanSquaredError(), (x, x), optimizers=optimizers))
      """)
    let run = tiecheck(
      words: "verify --format json --", [python, program],
      environment: ["PYTHONPATH": examples.folder.path, "PYTHONDONTWRITEBYTECODE": "1"])
    #expect(run.status == 0, "\(run.error)")
    let found = try result(run)
    let evaluated = try #require(run.error.firstMatch(of: /evaluated ([0-9.e-]+)/)?.1)
    #expect(abs(found.loss.value - Double(evaluated)!) < 1e-6)
    #expect(found.tie.groups.map { $0.uses.map(\.name) } == [["dense", "loss"]])
    #expect(found.tie.groups[0].uses.map(\.isLossTerm) == [nil, true])
  }

  /// A word that is misspelt must not run the right model.
  @Test(
    .enabled(if: hasPython, "python3 is not here"),
    arguments: ["plain_pair.py", "numpy_autoencoder.py", "torch_ties.py", "keras_pair.py"])
  func aKindThatAnExampleDoesNotHave(name: String) throws {
    guard name != "numpy_autoencoder.py" || hasNumPy else { return }
    let run = try Examples().verify(name, "no-such-kind")
    #expect(run.status == 65 && run.data.isEmpty)
    #expect(run.error.contains("no-such-kind: expected "), "\(run.error)")
  }

  @Test(.enabled(if: hasCompiler, "there is no C compiler here"))
  func c() throws {
    let examples = try Examples()
    let program = examples.folder("tied_pair")
    let isCompiled = succeeds(
      "cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-I", examples.folder.path, "-o", program,
      Examples.path("tied_pair.c"), "-lm")
    #expect(isCompiled)
    let right = tiecheck(words: "verify --format json --", [program])
    #expect(right.status == 0, "\(right.error)")
    #expect(try result(right).gradient.entries.total == 6)
    #expect(tiecheck(words: "verify --", [program, "detached"]).status == 1)
    let misspelt = tiecheck(words: "verify --", [program, "detachd"])
    #expect(misspelt.status == 65 && misspelt.error.contains("detachd: expected detached"))
  }

  @Test func swift() throws {
    let folder = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0])
      .deletingLastPathComponent()
    let program = folder.appendingPathComponent("pipe-example").path
    try #require(FileManager.default.isExecutableFile(atPath: program), "\(program)")
    let run = tiecheck(words: "verify --format json --", [program])
    #expect(run.status == 0, "\(run.error)")
    let found = try result(run)
    #expect(found.name == "pair in Swift" && found.loss.name == "mean_squared_error")
    #expect(found.tie.groups[0].uses.map(\.transposed) == [false, true])
    #expect(found.updates.optimizers.map(\.name) == ["sgd", "adam"])
    #expect(found.updates.optimizers.map(\.stateSlots) == [0, 1])
  }

  /// Each misbehaves once it has described itself, and ends in a sentence of its own.
  @Test(
    .enabled(if: hasPython, "python3 is not here"),
    arguments: [
      ("silent", 65, "said nothing for 0.5 s"), ("half", 65, "did not finish its answer"),
      ("dies", 65, "it exited with status 3"), ("crashes", 65, "signal 11"),
      ("junk", 65, "answered the question \"losses\" with \"loss = 0.3\""),
      ("gigabytes", 65, "the most that is read"), ("early", 65, "when nothing was asked"),
      ("order", 65, "when question 2 was asked"), ("count", 65, "one for each point"),
      ("nan", 65, "expected a finite number"), ("random", 65, "not deterministic"),
      ("error", 65, "ZeroDivisionError"), ("forever", 65, "not done after 2 s in all"),
      ("claimless", 65, "does not list \"gradient\""),
      ("shape", 65, "the gradient claimed for w has 1 numbers; expected 3"),
      ("nan-gradient", 1, ""),
      ("gradients", 65, "expected 1, one for each parameter"),
    ])
  func hostilePrograms(kind: String, status: Int32, sentence: String) throws {
    let folder = try TemporaryFolder()
    let program = try folder.file("hostile.py", hostile)
    let limits =
      kind == "forever" ? "--total-timeout 2" : "--timeout \(kind == "silent" ? 0.5 : 20)"
    let run = tiecheck(
      words: "verify \(kind == "half" ? "--timeout 0.5" : limits) --", [python, program, kind])
    #expect(run.status == status, "\(run.error)")
    if status == 65 { #expect(run.data.isEmpty) }
    #expect(sentence.isEmpty || run.error.contains(sentence), "\(run.error)")
  }

  private let hostile = """
    import json, os, random, sys, time
    kind = sys.argv[1]
    asked = 0
    def say(answer, more=""):
        sys.stdout.write(json.dumps(answer) + "\\n" + more)
        sys.stdout.flush()
    for line in sys.stdin:
        q = json.loads(line)
        w = 0.5
        if q["ask"] == "describe":
            say({"id": q["id"], "protocol": "tiecheck-pipe/1", "can": ["gradient"] if kind != "claimless" else [],
                 "parameters": [{"name": "w", "shape": [3], "values": [w, 0.25, -0.5]}]},
                "hello\\n" if kind == "early" else "")
            continue
        if q["ask"] == "losses":
            asked += 1
            losses = []
            for p in q["points"]:
                x = [0.5, 0.25, -0.5]
                for c in p.get("set", []):
                    if "at" in c:
                        for i, v in zip(c["at"], c["to"]): x[i] = v
                    else: x = c["to"]
                losses.append(sum(v ** 3 for v in x))
            if kind == "silent": time.sleep(1000)
            if kind == "half": sys.stdout.write("{"); sys.stdout.flush(); time.sleep(1000)
            if kind == "dies" and asked == 3: os._exit(3)
            if kind == "crashes" and asked == 3: os.kill(os.getpid(), 11)
            if kind == "junk": print("loss = 0.3", flush=True); continue
            if kind == "gigabytes":
                while True: sys.stdout.write("0" * 65536)
            if kind == "order": say({"id": q["id"] + 1, "losses": losses}); continue
            if kind == "count": losses.append(0.0)
            if kind == "nan": losses = ["nan" for _ in losses]
            if kind == "random": losses = [v + random.random() for v in losses]
            if kind == "error": say({"id": q["id"], "error": "ZeroDivisionError: division by zero"}); continue
            if kind == "forever": time.sleep(0.2)
            say({"id": q["id"], "losses": losses})
        if q["ask"] == "gradient":
            g = [[0.75, 0.1875, 0.75]]
            if kind == "shape": g = [[0.75]]
            if kind == "nan-gradient": g = [["nan", 0.1875, 0.75]]
            if kind == "gradients": g = [[0.75, 0.1875, 0.75], [1]]
            say({"id": q["id"], "gradient": g})
        if q["ask"] == "bye": break
    """
}
