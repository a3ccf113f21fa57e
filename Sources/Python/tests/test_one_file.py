"""The one-file adapter is what is written from the modules, and works alone."""

import json
import os
import subprocess
import sys

from tiecheck.adapter.one_file import one_file

here = os.path.dirname(os.path.abspath(__file__))
resource = os.path.join(here, "..", "..", "TiecheckCommands", "Resources", "tiecheck_pipe.py")


def test_the_committed_file_is_the_one_that_is_written():
    with open(resource, encoding="utf-8") as file:
        assert file.read() == one_file(), "write it: python -m tiecheck.adapter.one_file FILE"


def test_it_has_the_names_of_the_package(tmp_path):
    (tmp_path / "tiecheck_pipe.py").write_text(one_file(), encoding="utf-8")
    program = "import tiecheck_pipe as t; print([t.functions, t.torch_model, t.keras_model, t.jax_model, t.serve, t.clipped] and 'ok')"
    ran = subprocess.run([sys.executable, "-S", "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert ran.stdout.strip() == "ok", ran.stderr


def test_a_program_with_it_answers(tmp_path):
    (tmp_path / "tiecheck_pipe.py").write_text(one_file(), encoding="utf-8")
    (tmp_path / "model.py").write_text(
        "import tiecheck_pipe as t\nprint('hello')\n"
        "t.serve(t.functions({'W': [[1.0, 2.0]]}, lambda p: p['W'][0][0] ** 2 * p['W'][0][1],"
        " lambda p: {'W': [[4.0, 1.0]]}))\n"
    )
    asked = [{"ask": "describe"}, {"ask": "losses", "points": [{}, {"set": [{"parameter": 0, "at": [0], "to": [3]}]}]}, {"ask": "bye"}]
    ran = subprocess.run(
        [sys.executable, "-S", "model.py"], cwd=tmp_path, capture_output=True, text=True,
        input="".join(json.dumps(dict(q, id=i)) + "\n" for i, q in enumerate(asked)),
        env=dict(os.environ, TIECHECK_CHILD="1"),
    )
    described, losses = [json.loads(line) for line in ran.stdout.splitlines()]
    assert described["parameters"][0]["values"] == [1.0, 2.0] and losses["losses"] == [2.0, 18.0]
    assert "hello" in ran.stderr
