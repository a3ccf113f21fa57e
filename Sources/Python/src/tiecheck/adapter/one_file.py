"""Writes the adapter as one file: the modules of this package one after another.

    python -m tiecheck.adapter.one_file FILE
"""

import ast
import os
import re
import sys

_modules = """protocol values functions
torch_memory torch_watch torch_trace torch_sites torch_replay torch_uses torch_double torch_structure torch_state
torch_optimizers torch_names torch_description torch_model
keras_engine keras_watch keras_double keras_optimizers keras_layers keras_structure keras_model
jax_uses optax_rules jax_tree jax_model
""".split()

_head = '''"""Lets tiecheck check a model written in Python: plain functions, NumPy, PyTorch, Keras 3 or JAX.

    tiecheck verify --write-adapter python -o tiecheck_pipe.py
    tiecheck verify -- python3 model.py

This one file needs nothing but Python 3.9. It speaks the protocol tiecheck-pipe/1: a question is a line
of JSON on standard input, its answer a line on standard output. Import it first: from then on whatever
is printed goes to standard error, because standard output belongs to the protocol.

Plain functions or NumPy:

    import tiecheck_pipe as tiecheck
    tiecheck.serve(tiecheck.functions(
        {"W": [[0.1, 0.2], [0.3, 0.4]], "b": [0.0, 0.1]},    # nested lists, or NumPy arrays
        loss=lambda p: ...,                                  # of p["W"] and p["b"]: a number
        gradient=lambda p: {"W": ..., "b": ...}))

PyTorch and Keras 3 (uses of shared weights are found by watching the model run), and JAX:

    tiecheck.serve(tiecheck.torch_model(
        model, loss=torch.nn.MSELoss(), batch=(x, y),
        optimizers={"adam": lambda model: torch.optim.Adam(model.parameters(), lr=0.01)}))

    tiecheck.serve(tiecheck.keras_model(
        model, loss=keras.losses.MeanSquaredError(), batch=(x, y),
        optimizers={"adam": lambda: keras.optimizers.Adam(0.01)}))

    tiecheck.serve(tiecheck.jax_model(loss_function, params, batch, optimizers={"adam": optax.adam(0.01)}))

It is written from the modules of the Python package tiecheck (Sources/Python) by tiecheck.adapter.one_file.
"""
'''


def one_file():
    """The text of the file."""
    folder = os.path.dirname(os.path.abspath(__file__))
    imports, bodies, names = set(), [], {}
    for module in _modules:
        with open(os.path.join(folder, module + ".py"), encoding="utf-8") as file:
            text = file.read()
        tree = ast.parse(text)
        for node in tree.body:
            for name in _defined(node):
                if names.setdefault(name, module) != module:
                    raise ValueError("%s is defined in %s and in %s" % (name, names[name], module))
        title = ast.get_docstring(tree)
        text = text[text.index('"""', text.index('"""') + 3) + 3 :]
        imports |= set(re.findall(r"^import \w+$", text, re.MULTILINE))
        text = re.sub(r"^import \w+\n", "", text, flags=re.MULTILINE)
        # Names of this package are there already.
        text = re.sub(r"^ *from \.\w+ import (?:\([^)]*\)|[^\n]*)\n", "", text, flags=re.MULTILINE)
        bodies.append("# %s\n\n\n%s\n" % (title.replace("\n", "\n# ").replace("\n# \n", "\n#\n"), text.strip()))
    return _head + "\n" + "\n".join(sorted(imports)) + "\n\n\n" + "\n\n".join(bodies)


def _defined(node):
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8", newline="\n") as out:
        out.write(one_file())
