"""Every Python example of README.md runs and ends as it says."""

import os
import re
import warnings

import pytest

from tiecheck.binary import binary

try:
    binary()
except FileNotFoundError:
    pytest.skip("the program tiecheck is not here", allow_module_level=True)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "README.md"), encoding="utf-8") as file:
    sections = re.split(r"^## ", file.read(), flags=re.MULTILINE)
examples = {s.split("\n")[0]: "\n".join(re.findall(r"```python\n(.*?)```", s, re.DOTALL)) for s in sections if "```python" in s}
needs = {"Keras": "keras", "PyTorch": "torch", "JAX": "jax"}


@pytest.mark.parametrize("title", list(examples))
def test_an_example_ends_as_it_says(title):
    for word, module in needs.items():
        if word in title:
            pytest.importorskip(module)
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    scope = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(examples[title], title, "exec"), scope)
    if "Keras" in title:
        assert scope["wrong"].verdict == "fail" and scope["wrong"].diagnoses[0]["id"] == "missing-path"
        assert "decoder is missing" in scope["wrong"].text
        assert scope["right"].verdict == "pass", scope["right"].text
    else:
        assert scope.get("result", None) is None or scope["result"].verdict == "pass", scope["result"].text
