"""One call: the program checks the model of this very process."""

import contextlib
import os
import random
import socket
import subprocess
import sys
import tempfile
import time

from .adapter.protocol import answer_line
from .binary import binary
from .frameworks import adapted
from .result import Result

# Functions of a result that are called after each check.
listeners = []


class CheckError(RuntimeError):
    """No result: the model cannot be checked as it is, or the program could not run."""


def check(
    model,
    loss=None,
    batch=None,
    optimizers=None,
    ties=None,
    *,
    name=None,
    intended=None,
    frozen=None,
    witness=None,
    seed=None,
    rtol=None,
    alpha=None,
    directions=None,
    steps=None,
    estimator=None,
    timeout=600.0,
    progress=True
):
    """Checks a model's gradient, its ties and its updates, and returns a `Result`.

    model, loss, batch   a torch.nn.Module or a keras.Model, its loss and (input, target); for JAX a loss function,
                         its parameters and a batch; or what tiecheck.functions(...) gives
    optimizers           name -> a function that gives a fresh optimizer
    ties                 [["encoder", "decoder"]]: layers that are meant to share a parameter
    intended, frozen, witness, name   see torch_model, keras_model and jax_model
    seed, rtol, alpha, directions, steps, estimator   the options of `tiecheck verify`
    timeout              seconds that one answer of the model may take
    progress             whether a check that takes longer than two seconds says so

    The model is as before afterwards: its parameters, buffers, gradients and modes, and the state of the random
    number generators.
    """
    adapter = adapted(
        model, loss, batch, optimizers=optimizers, ties=ties, name=name, intended=intended, frozen=frozen, witness=witness
    )
    options = ["--timeout", "%g" % timeout]
    for word, value in (
        ("--seed", seed), ("--rtol", rtol), ("--alpha", alpha),
        ("--directions", directions), ("--steps", steps), ("--estimator", estimator),
    ):
        if value is not None:
            options += [word, str(value)]
    with _random_kept(), _tensors_kept(adapter):
        result = _checked(adapter, options, progress)
    for listener in list(listeners):
        listener(result)
    return result


def assert_gradients(model, loss=None, batch=None, *rest, allow=(), **options):
    """Checks a model as `check` does, and raises an AssertionError with the whole text unless it passes.

    allow   verdicts besides "pass" that are let through, such as "inconclusive"
    """
    __tracebackhide__ = True
    result = check(model, loss, batch, *rest, **options)
    if result.verdict != "pass" and result.verdict not in ([allow] if isinstance(allow, str) else allow):
        raise AssertionError("\n" + result.text)
    return result


def _checked(adapter, options, progress):
    with tempfile.TemporaryDirectory(prefix="tiecheck") as box:
        path, report = os.path.join(box, "socket"), os.path.join(box, "report")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
        listener.listen(1)
        relay = os.path.join(os.path.dirname(os.path.abspath(__file__)), "relay.py")
        command = [binary(), "verify", "--no-color", "--quiet", "--report", report] + options
        command += ["--", sys.executable, "-I", "-S", relay, path]
        with open(os.path.join(box, "out"), "w+b") as out, open(os.path.join(box, "err"), "w+b") as err, listener:
            # In a session of its own, so that Ctrl-C reaches this process alone, which then ends the program.
            program = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
            )
            try:
                _serve(adapter, listener, program, _Progress(progress))
                status = program.wait()
            finally:
                _end(program)
            text, said = _read(out), _read(err)
        if not os.path.exists(os.path.join(report, "result.json")):
            raise CheckError(_reason(said, status))
        return Result(text, report)


def _serve(adapter, listener, program, progress):
    """Answers until the program has no more questions."""
    listener.settimeout(0.05)
    while True:
        try:
            connection, _ = listener.accept()
            break
        except socket.timeout:
            if program.poll() is not None:
                return
    connection.settimeout(None)
    with connection, connection.makefile("rb") as questions, progress:
        for line in questions:
            answer = answer_line(adapter, line)
            if answer is None:
                return
            connection.sendall(answer.encode("utf-8") + b"\n")
            progress.seen(line)


def _end(program):
    """Nothing of the program is left, whatever happened."""
    if program.poll() is None:
        program.terminate()
        try:
            program.wait(2)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()


def _read(file):
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def _reason(said, status):
    lines = said.strip().split("\n")
    told = [i for i, line in enumerate(lines) if line.startswith("Error: ")]
    text = "\n".join(lines[told[-1] :])[len("Error: ") :] if told else said.strip()
    for prefix in ('the program did not answer the question "describe": ', "the program "):
        if told and text.startswith(prefix) and prefix != "the program ":
            text = text[len(prefix) :]
    return text or "the program tiecheck ended with status %s and said nothing" % status


class _Progress:
    """A line on standard error where a check takes longer than two seconds."""

    def __init__(self, is_wanted):
        self.is_wanted = is_wanted and (sys.stderr.isatty() or "ipykernel" in sys.modules)
        self.started = self.shown = time.monotonic()
        self.points, self.has_shown = 0, False

    def __enter__(self):
        return self

    def seen(self, line):
        self.points += line.count(b'"set"') + line.count(b"{}") if self.is_wanted else 0
        now = time.monotonic()
        if self.is_wanted and now - self.started > 2 and now - self.shown > 0.5:
            self.shown, self.has_shown = now, True
            sys.stderr.write("\rtiecheck: %d losses in %.0f s " % (self.points, now - self.started))
            sys.stderr.flush()

    def __exit__(self, *error):
        if self.has_shown:
            sys.stderr.write("\r" + " " * 50 + "\r")
            sys.stderr.flush()


@contextlib.contextmanager
def _random_kept():
    """The generators of random numbers are afterwards where they were."""
    put_back = [(random.setstate, random.getstate())]
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        put_back.append((numpy.random.set_state, numpy.random.get_state()))
    if torch is not None:
        put_back.append((torch.set_rng_state, torch.get_rng_state()))
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            put_back.append((torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all()))
    try:
        yield
    finally:
        for function, state in put_back:
            function(state)


@contextlib.contextmanager
def _tensors_kept(adapter):
    """Whatever stops a check, Ctrl-C in the midst of a change included, the model's numbers are as before."""
    put_back = adapter.snapshot() if hasattr(adapter, "snapshot") else None
    try:
        yield
    finally:
        if put_back is not None:
            put_back()
