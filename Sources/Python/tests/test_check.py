"""One call checks the model of this very process. These tests need the program (TIECHECK_BINARY, or on PATH)."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

torch = pytest.importorskip("torch")
from torch import nn

import tiecheck
from tiecheck.binary import binary
from torch_models import Tied

try:
    binary()
except FileNotFoundError:
    pytest.skip("the program tiecheck is not here", allow_module_level=True)


class Cut(Tied):
    def forward(self, x):
        return nn.functional.linear(torch.tanh(self.encoder(x)), self.encoder.weight.detach().t())


@pytest.fixture
def x():
    torch.manual_seed(3)
    return torch.randn(5, 6)


def children():
    ran = subprocess.run(["ps", "-eo", "ppid=,args="], capture_output=True, text=True)
    mine = [line.split(None, 1) for line in ran.stdout.splitlines()]
    return [args for parent, args in mine if parent == str(os.getpid()) and "tiecheck" in args]


def test_a_right_model_passes(x):
    result = tiecheck.check(Tied().double(), nn.MSELoss(), (x.double(), x.double()), ties=[["encoder", "decoder"]],
                            optimizers={"adam": lambda m: torch.optim.Adam(m.parameters())})
    assert result.verdict == "pass" and result.passed and repr(result).startswith("PASS")
    assert {row["layer"] for row in result.tables["paths"]} == {"encoder", "decoder"}
    assert result.tables["updates"][0]["optimizer"] == "adam" and result.tables["gradient"][0]["verdict"] == "pass"
    assert "<table>" in result._repr_html_() and children() == []


def test_a_wrong_model_fails_by_name(x, tmp_path):
    result = tiecheck.check(Cut().double(), nn.MSELoss(), (x.double(), x.double()))
    assert result.verdict == "fail" and result.diagnoses[0]["id"] == "missing-path"
    page = result.report(str(tmp_path / "report"))
    assert os.path.exists(page) and os.path.exists(str(tmp_path / "report" / "result.json"))


def test_assert_gradients(x):
    tiecheck.assert_gradients(Tied().double(), nn.MSELoss(), (x.double(), x.double()))
    with pytest.raises(AssertionError, match="contribution of Cut is missing"):
        tiecheck.assert_gradients(Cut().double(), nn.MSELoss(), (x.double(), x.double()))
    tiecheck.assert_gradients(Cut().double(), nn.MSELoss(), (x.double(), x.double()), allow="fail")


def test_a_model_that_cannot_be_checked_is_a_sentence(x):
    with pytest.raises(tiecheck.CheckError, match=r"^asked twice .*Dropout"):
        tiecheck.check(nn.Sequential(nn.Linear(6, 6), nn.Dropout(0.5)), nn.MSELoss(), (x, x))
    with pytest.raises(TypeError, match="no torch.nn.Module"):
        tiecheck.check(object(), nn.MSELoss(), (x, x))
    with pytest.raises(tiecheck.CheckError, match="rtol|fraction|between"):
        tiecheck.check(Tied(), nn.MSELoss(), (x, x), rtol=-1)
    assert children() == []


def state(model):
    return [(id(p), p.detach().clone(), p.grad.clone(), p.dtype) for p in model.parameters()]


def test_the_model_is_bit_for_bit_as_before(x):
    model = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Linear(4, 6))
    model(x).sum().backward()
    for stop in (None, ZeroDivisionError, KeyboardInterrupt):
        before, buffers, random = state(model), [b.clone() for b in model.buffers()], torch.get_rng_state()
        count = []

        def loss(y, t):
            count.append(1)
            if stop and len(count) == 120:
                raise stop
            return ((y - t) ** 2).mean()

        adam = {"adam": lambda m: torch.optim.Adam(m.parameters())}
        if stop is KeyboardInterrupt:
            with pytest.raises(KeyboardInterrupt):
                tiecheck.check(model, loss, (x, x), optimizers=adam)
        else:
            try:
                tiecheck.check(model, loss, (x, x), optimizers=adam)
            except tiecheck.CheckError:
                assert stop
        for (name, value, grad, kind), p in zip(before, model.parameters()):
            assert id(p) == name and torch.equal(p, value) and torch.equal(p.grad, grad) and p.dtype == kind
        assert all(torch.equal(a, b) for a, b in zip(buffers, model.buffers()))
        assert torch.equal(random, torch.get_rng_state()) and model.training and children() == []


def test_the_fixture_and_the_report_of_a_run(tmp_path):
    (tmp_path / "test_mine.py").write_text(textwrap.dedent("""
        import torch
        from torch import nn
        torch.manual_seed(1)
        x = torch.randn(5, 6).double()

        def test_right(tiecheck):
            assert tiecheck.check(nn.Linear(6, 6).double(), nn.MSELoss(), (x, x + 1)).passed

        def test_wrong(tiecheck):
            model = nn.Linear(6, 6).double()
            model.weight.register_hook(lambda g: 2 * g)
            tiecheck.assert_gradients(model, nn.MSELoss(), (x, x + 1))
        """))
    import tiecheck as package

    env = dict(os.environ, PYTHONPATH=os.path.dirname(os.path.dirname(package.__file__)), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tiecheck.pytest_plugin", "--tiecheck-report=out", "test_mine.py"],
        cwd=tmp_path, env=env, capture_output=True, text=True)
    assert "1 failed, 1 passed" in ran.stdout, ran.stdout + ran.stderr
    assert "FAIL  Linear" in ran.stdout and "the report of 2 checks is in out" in ran.stdout
    assert "checking.py" not in ran.stdout.split("short test summary")[0].split("FAIL  Linear")[0].replace("raise AssertionError", "")
    page = (tmp_path / "out" / "report.md").read_text()
    assert "test_right" in page and "test_wrong" in page


def test_unittest(x):
    import unittest

    class Mine(unittest.TestCase):
        def test_it(self):
            tiecheck.assert_gradients(Cut().double(), nn.MSELoss(), (x.double(), x.double()))

    outcome = unittest.TestResult()
    Mine("test_it").run(outcome)
    assert len(outcome.failures) == 1 and not outcome.errors


def test_the_command():
    import tiecheck as package

    env = dict(os.environ, PYTHONPATH=os.path.dirname(os.path.dirname(package.__file__)))
    ran = subprocess.run([sys.executable, "-m", "tiecheck", "verify", "--write-adapter", "python"], env=env, capture_output=True, text=True)
    assert ran.returncode == 0 and "def torch_model" in ran.stdout
