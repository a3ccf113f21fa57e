"""Lets tiecheck check a model written in Python: plain functions, NumPy, PyTorch, Keras 3 or JAX.

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

import contextlib
import hashlib
import inspect
import json
import os
import re
import sys
import time
import traceback
import types
import warnings


# The protocol: a question is a line of JSON on standard input, its answer a line on standard output.


PROTOCOL = "tiecheck-pipe/1"


def _claim_output():
    """Standard output for answers alone; what is printed from now on goes to standard error."""
    sys.stdout.flush()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return answers


# The checker leaves this mark in the environment of what it starts.
_answers = _claim_output() if "TIECHECK_CHILD" in os.environ else None


class NotCheckable(ValueError):
    """Why a model cannot be checked as it is, with what the answer says besides the sentence."""

    def __init__(self, sentence, **words):
        super().__init__(sentence)
        self.words = words


def serve(model):
    """Answers the checker's questions about a model until there are no more."""
    answers = _answers or _claim_output()
    for line in sys.stdin.buffer:
        answer = answer_line(model, line)
        if answer is None:
            return
        answers.write(answer + "\n")
        answers.flush()


def answer_line(model, line):
    """The answer to a line; None for the last one."""
    question = {}
    try:
        question = _numbers(json.loads(line))
        if question["ask"] == "bye":
            return None
        answer = _answer(model, question)
    except NotCheckable as error:
        answer = dict(error.words, error=str(error))
    except Exception as error:  # whatever the model raises is the checker's to hear
        traceback.print_exc(file=sys.stderr)
        answer = {"error": _sentence(error)}
    answer["id"] = question.get("id", 0)
    return _line(answer)


def _sentence(error):
    return "%s: %s" % (type(error).__name__, error)


def _numbers(question):
    """NaN and the infinities stand in a change as strings."""
    for point in question.get("points", []) + [question.get("point", {})]:
        for change in point.get("set", []) + [change for alone in _alone(point) for change in alone["set"]]:
            change["to"] = [float(x) for x in change["to"]]
    return question


def _alone(point):
    """The changes of a point that single uses see alone."""
    return ([point["in_use"]] if point.get("in_use") else []) + point.get("in_uses", [])


def _answer(model, question):
    ask = question["ask"]
    if ask == "describe":
        return dict(model.description(), protocol=PROTOCOL)
    if ask == "losses":
        return _losses(model, question["points"], question.get("witness") == "double")
    point = question.get("point", {})
    if ask == "gradient":

        def gradient():
            answer = {"gradient": model.gradient()}
            if question.get("by_use"):
                answer["by_use"] = model.gradient_by_use()
            return answer

        return _at(model, point, gradient)
    if ask == "steps":
        return _at(model, point, lambda: model.steps(question["optimizer"], question["steps"]))
    raise ValueError("there is no question %r" % ask)


def _losses(model, points, in_double):
    """The losses at the points. Where one raises it is no number, and the answer says what it raised; at the
    described point itself an error is the model's."""
    losses, raised = [], {}
    with model.in_double() if in_double else contextlib.nullcontext():
        for index, point in enumerate(points):
            try:
                losses.append(_at(model, point, lambda: _loss(model, point)))
            except Exception as error:
                if not point.get("set") and not _alone(point):
                    raise
                losses.append("nan")
                raised[str(index)] = _sentence(error)
    return dict({"losses": losses}, **({"raised": raised} if raised else {}))


def _at(model, point, body):
    """What `body` gives at a point; then the described one is back."""
    changed = point.get("set")
    if not changed:
        return body()
    try:
        for change in changed:
            model.set(change["parameter"], change.get("at"), change["to"])
        return body()
    finally:
        for change in changed:
            model.restore(change["parameter"], change.get("at"))


def _loss(model, point):
    alone = _alone(point)
    return model.loss_in_uses([(each["use"], each["set"]) for each in alone]) if alone else model.loss()


def _line(answer):
    try:
        return json.dumps(answer, allow_nan=False)
    except ValueError:
        return json.dumps(_told(answer))


def _told(value):
    """JSON has no word for NaN and the infinities."""
    if isinstance(value, float):
        if value != value:
            return "nan"
        return value if abs(value) != float("inf") else ("inf" if value > 0 else "-inf")
    if isinstance(value, dict):
        return {key: _told(item) for key, item in value.items()}
    return [_told(item) for item in value] if isinstance(value, (list, tuple)) else value


# Parameters of plain functions: nested lists, NumPy arrays, and arrays of other libraries.


class _Lists:
    """Nested lists of numbers as one list, and back."""

    def __init__(self, value):
        self.shape = []
        inner = value
        while isinstance(inner, (list, tuple)):
            self.shape.append(len(inner))
            inner = inner[0] if len(inner) else None
        self.flat = [float(x) for x in self.flatten(value)]
        self.precision = "double"

    @classmethod
    def flatten(cls, value):
        if isinstance(value, (list, tuple)):
            return [x for item in value for x in cls.flatten(item)]
        return [float(value)]

    def value(self):
        def nested(flat, shape):
            if not shape:
                return flat[0]
            if len(shape) == 1:
                return list(flat)
            size = len(flat) // shape[0]
            return [nested(flat[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]

        return nested(self.flat, self.shape)

    def put(self, at, to):
        if at is None:
            self.flat[:] = to
        else:
            for i, x in zip(at, to):
                self.flat[i] = x

    def copy(self):
        return _Lists(self.value())

    def in_double(self):
        return self.copy()

    def tolist(self):
        return list(self.flat)


class _Array:
    """A NumPy array of one's own. A function sees it as the kind of array that the user gave."""

    def __init__(self, array, made=None):
        if str(array.dtype) not in ("float32", "float64"):
            raise TypeError("a parameter is an array of %s; expected float32 or float64" % array.dtype)
        self.made = made
        self.array = array.copy(order="C")
        self.flat = self.array.reshape(-1)
        self.shape = list(array.shape)
        self.precision = "float" if str(array.dtype) == "float32" else "double"

    def value(self):
        return self.made(self.array) if self.made else self.array

    def put(self, at, to):
        if at is None:
            self.flat[:] = to
        elif len(at) == 1:
            self.flat[at[0]] = to[0]
        else:
            self.flat[at] = to

    def copy(self):
        return _Array(self.array, self.made)

    def in_double(self):
        return _Array(self.array.astype("float64"), self.made)

    def tolist(self):
        return self.flat.tolist()


def _holder(value):
    """What holds a parameter, by the kind of value that the user gave."""
    if not hasattr(value, "dtype"):
        return _Lists(value)
    library = type(value).__module__.split(".")[0]
    if library == "numpy":
        return _Array(value)
    import numpy

    if library == "torch":
        torch = sys.modules["torch"]
        return _Array(value.detach().cpu().numpy(), lambda array: torch.from_numpy(array.copy()))
    if library in ("jax", "jaxlib"):
        jax = sys.modules["jax"]
        return _Array(numpy.asarray(value), lambda array: jax.numpy.array(array))
    if library == "tensorflow":
        tensorflow = sys.modules["tensorflow"]
        return _Array(numpy.asarray(value), lambda array: tensorflow.constant(array))
    return _Array(numpy.asarray(value))


def _flat(value):
    """Numbers of a gradient in row order, whatever holds them."""
    if isinstance(value, (list, tuple)):
        return _Lists.flatten(value)
    for away in ("detach", "to_dense", "cpu"):
        if type(value).__module__.split(".")[0] == "torch":
            value = getattr(value, away)()
    if hasattr(value, "numpy") and not hasattr(value, "reshape"):
        value = value.numpy()
    return value.reshape(-1).tolist() if hasattr(value, "reshape") else _Lists.flatten(value)


def _equal_values(named):
    """Remarks on parameters in separate memory with equal values, turned or not.

    named   (name, digest of the rows, digest of the columns or None) for each; constant ones, such as biases of zero,
            are left out by whoever calls: they start equal in every network
    """
    places, sets = {}, []
    for name, rows, columns in named:
        found = places.get(rows, places.get(columns) if columns is not None else None)
        if found is None:
            places[rows] = len(sets)
            sets.append([name])
        else:
            sets[found].append(name)
    sets = [names for names in sets if len(names) > 1]
    if not sets:
        return []
    told = "; ".join(" and ".join(names) for names in sets[:4])
    more = " (and %d more sets)" % (len(sets) - 4) if len(sets) > 4 else ""
    return [
        {
            "about": "equal-values",
            "parameters": [name for names in sets for name in names],
            "sentence": "%s%s start with equal values and stand in separate memory. They are copies, not a tie: "
            "the first update moves them apart. If they are meant to be one parameter, let both layers hold the "
            "same object." % (told, more),
        }
    ]


def _array_keys(name, array):
    """What `_equal_values` takes of a NumPy array; None for a constant one."""
    if array.size < 2 or (array == array.reshape(-1)[0]).all():
        return None
    told = lambda shape, array: hashlib.sha256(repr(tuple(shape)).encode() + array.tobytes()).digest()
    columns = told(array.shape[::-1], array.T) if array.ndim == 2 else None
    return name, told(array.shape, array), columns


def _same_arrays(a, b):
    """Whether two arrays hold the same bits."""
    return a.tobytes() == b.tobytes()


def _note_findings(description, faults, remarks):
    """Adds faults and remarks to a description. What they name besides parameters of it, such as buffers, stands
    in "tensors"."""
    own = {entry["name"] for entry in description["parameters"]}
    for word, entries in (("faults", faults), ("remarks", remarks)):
        told = []
        for entry in entries:
            names = [name for name in entry["parameters"] if name in own]
            others = [name for name in entry["parameters"] if name not in own]
            told.append(dict(entry, parameters=names, **({"tensors": others} if others else {})))
        if told:
            description[word] = told


# Models made of plain functions.


def functions(parameters, loss, gradient, uses=(), name=None, loss_name=None, batch=None, ties=(), intended=()):
    """A model made of functions.

    parameters  name -> nested lists of numbers, or an array (NumPy, JAX, ...)
    loss        a function of p, where p["W"] is the parameter: gives a number
    gradient    a function of p: gives name -> gradient, of the parameter's shape
    uses        [("encoder", "W"), ("decoder", "W", True)]: which layer uses which parameter, and whether
                transposed. The functions then read p["W", "encoder"] and p["W", "decoder"], and the
                gradient may give a contribution for each: {("W", "encoder"): ..., ("W", "decoder"): ...}
                A layer that uses a parameter several times has a name for each use: "rnn step 1", "rnn step 2"
    ties        [["encoder", "decoder"]]: layers that are meant to share a parameter
    intended    layers whose claimed gradient is deliberately not the derivative (straight-through)
    """
    return _Functions(parameters, loss, gradient, uses, name, loss_name, batch, ties, intended)


class _Point(dict):
    """p["W"], and p["W", "decoder"] for what one layer sees of it."""

    asked = None

    def __missing__(self, key):
        if isinstance(key, tuple):
            if self.asked is not None:
                self.asked.add(key)
            return self[key[0]]
        raise KeyError(key)


class _Functions:
    def __init__(self, parameters, loss, gradient, uses, name, loss_name, batch, ties, intended=()):
        self.names = list(parameters)
        self.holders = [_holder(value) for value in parameters.values()]
        self.start = [holder.tolist() for holder in self.holders]
        self.loss_function, self.gradient_function = loss, gradient
        self.uses = [(layer, self.names.index(name)) + tuple(rest) for layer, name, *rest in uses]
        if len({use[:2] for use in self.uses}) < len(self.uses):
            raise ValueError("a layer uses a parameter twice; give each use a name of its own, such as 'rnn step 1'")
        self.has_read_uses = self.writes = False
        self.intended = set(intended)
        name = name or os.path.splitext(os.path.basename(sys.argv[0]))[0]
        self.words = dict(name=name, loss=loss_name, batch=batch, ties=[list(tie) for tie in ties])

    # Answers

    def description(self):
        by_use = bool(self.uses) and any(isinstance(key, tuple) for key in self.claimed())
        can = ["gradient"] + (["use"] if self.uses else []) + (["gradient_by_use"] if by_use else [])
        description = {
            "parameters": [
                {"name": name, "shape": holder.shape, "values": start, "precision": holder.precision}
                for name, holder, start in zip(self.names, self.holders, self.start)
            ],
            "can": can,
        }
        if self.uses:
            description["uses"] = [self.use(*use) for use in self.uses]
        description.update((key, value) for key, value in self.words.items() if value)
        changed = self.changed_by_evaluation()
        if any(holder.precision == "float" for holder in self.holders):
            missing = self.double_missing()
            if missing:
                description["double_missing"] = missing
            else:
                can.append("double")
        arrays = [(n, h.array) for n, h in zip(self.names, self.holders) if hasattr(h, "array")]
        remarks = _equal_values([keys for keys in (_array_keys(*pair) for pair in arrays) if keys])
        _note_findings(description, [_changes_itself(changed)] if changed else [], remarks)
        return description

    def use(self, layer, parameter, transposed=False):
        use = dict(self.place(layer, parameter), parameter=parameter, transposed=bool(transposed))
        if layer in self.intended or use["layer"] in self.intended:
            use["intended"] = True
        return use

    def place(self, name, parameter):
        """Several uses of one parameter that are called "rnn step 1", "rnn step 2" are those of a layer "rnn"."""

        def split(name):
            layer, *slot = name.rsplit(" ", 2)
            return (layer, " ".join(slot)) if len(slot) == 2 and slot[1].isdigit() else (name, None)

        layer, slot = split(name)
        alike = [use for use in self.uses if use[1] == parameter and split(use[0])[0] == layer]
        return {"layer": layer, "slot": slot} if slot and len(alike) > 1 else {"layer": name}

    def changed_by_evaluation(self):
        """The parameters that the loss or the gradient writes into, by name; then the described ones are back."""
        changed = []
        for body in (self.loss, self.claimed):
            body()
            for index, (name, holder) in enumerate(zip(self.names, self.holders)):
                if holder.tolist() != self.start[index]:
                    changed.append(name)
                    holder.put(None, self.start[index])
        self.writes = bool(changed)
        return list(dict.fromkeys(changed))

    def double_missing(self):
        """Why the loss cannot be had in float64; None where it can."""
        try:
            with self.in_double():
                here = self.loss()
                for index, holder in enumerate(self.holders):
                    values = self.start[index]
                    for sign in (1, -1, 2):
                        moved = [x + sign * 1e-11 * (1 + abs(x)) * (1 + i % 3) for i, x in enumerate(values)]
                        self.holders[index].put(None, moved)
                        if self.loss() != here:
                            return None
                    self.restore(index, None)
        except Exception as error:
            return "The loss cannot be computed from float64 parameters: %s: %s." % (type(error).__name__, error)
        return (
            "The loss rounds its parameters to float32, whatever they are given in: it does not change where "
            "they change by 1e-11."
        )

    # Points

    @contextlib.contextmanager
    def in_double(self):
        here = self.holders
        self.holders = [holder.in_double() for holder in here]
        try:
            with _wide_jax():
                yield
        finally:
            self.holders = here

    def point(self):
        # Functions that write into their parameters are given copies.
        holders = [holder.copy() for holder in self.holders] if self.writes else self.holders
        return _Point((name, holder.value()) for name, holder in zip(self.names, holders))

    def set(self, parameter, at, to):
        self.holders[parameter].put(at, to)

    def restore(self, parameter, at):
        start = self.start[parameter]
        self.holders[parameter].put(at, start if at is None else [start[i] for i in at])

    def number(self, point):
        loss = self.loss_function(point)
        try:
            return float(loss)
        except (TypeError, ValueError):
            shape = getattr(loss, "shape", None)
            raise NotCheckable(
                "the loss is %s; expected one number. Take its mean or its sum, whichever the gradient belongs to."
                % ("an array of the shape %s" % (tuple(shape),) if shape is not None else type(loss).__name__)
            ) from None

    def loss(self):
        point = self.point()
        if self.has_read_uses:
            return self.number(point)
        point.asked = set()
        loss = self.number(point)
        for layer, parameter, *_ in self.uses:
            if (self.names[parameter], layer) not in point.asked:
                raise ValueError("the loss never reads p[%r, %r], which uses= promises" % (self.names[parameter], layer))
        self.has_read_uses = True
        return loss

    def loss_in_uses(self, alone):
        point = self.point()
        for use, changes in alone:
            layer, parameter = self.uses[use][:2]
            own = self.holders[parameter].copy()
            for change in changes:
                own.put(change.get("at"), change["to"])
            point[self.names[parameter], layer] = own.value()
        return self.number(point)

    def claimed(self):
        return {key: value for key, value in self.gradient_function(self.point()).items() if value is not None}

    def gradient(self):
        claims, gradient = {key: _flat(value) for key, value in self.claimed().items()}, []
        for name in self.names:
            own = [claim for key, claim in claims.items() if key == name or (isinstance(key, tuple) and key[0] == name)]
            gradient.append([sum(terms) for terms in zip(*own)] if own else None)
        return gradient

    def gradient_by_use(self):
        claims = {key: _flat(value) for key, value in self.claimed().items()}
        single = lambda p: sum(use[1] == p for use in self.uses) == 1
        return [
            claims.get((self.names[p], layer), claims.get(self.names[p]) if single(p) else None)
            for layer, p, *_ in self.uses
        ]


def _wide_jax():
    """A context in which JAX, where the program has it, computes in float64."""
    jax = sys.modules.get("jax")
    if jax is None:
        return contextlib.nullcontext()
    wide = getattr(jax, "enable_x64", None)
    if wide is None:
        from jax.experimental import enable_x64 as wide
    return wide(True)


def _changes_itself(names):
    told = ", ".join(names)
    return {
        "id": "changes-itself",
        "parameters": list(names),
        "sentence": "Evaluating the loss changes %s. A derivative belongs to a point that stays where it is: compute "
        "with a copy, or change it after the step, outside the loss." % told,
    }


# The memory that PyTorch parameters stand in: its identity is the tie, whatever the tensors over it are called.


class _Memory:
    """One piece of memory and the parameters that stand in it. What is asked of it is in the order of the
    largest one's elements; the others are views of that one."""

    kinds = {"float32": "float", "float64": "double", "bfloat16": "bfloat16", "float16": "float16"}

    def __init__(self, torch, members, low, high):
        self.torch = torch
        self.names = [name for name, _ in members]
        self.members = [tensor for _, tensor in members]
        self.name, self.first = max(members, key=lambda member: member[1].numel())
        self.low, self.size = low, high - low
        self.dtype, self.device = self.first.dtype, self.first.device
        self.precision = self.kinds.get(str(self.dtype).split(".")[-1])
        if self.precision is None:
            raise TypeError("%s is of %s; expected float32 or float64" % (self.name, self.dtype))
        # Nearly every parameter is alone in its memory, in row order.
        self.is_plain = self.first.is_contiguous() and self.first.numel() == self.size
        self.places = None if self.is_plain else self.places_of(self.first)
        self.shape, self.stride = tuple(self.first.shape), self.first.stride()
        self.start = self.values_of(self.whole()).clone()
        self.check_members()

    def check_members(self):
        if self.is_plain:
            return
        own = set(self.places.tolist())
        for name, member in zip(self.names, self.members):
            if not own.issuperset(self.places_of(member).tolist()):
                raise NotCheckable(
                    "%s and %s share only a part of their memory: give each memory of its own, or make one parameter "
                    "of them and let the layers read slices of it" % (self.name, name)
                )

    def places_of(self, tensor):
        """Where a view's elements stand, counted from the beginning of this memory."""
        every = self.torch.arange(self.size, device=self.device)
        return every.as_strided(tensor.size(), tensor.stride(), tensor.storage_offset() - self.low).reshape(-1)

    def whole(self):
        """The memory as it stands, as one flat tensor."""
        return self.first.detach().as_strided((self.size,), (1,), self.low)

    def values_of(self, whole):
        """A flat tensor of this memory as the parameter's elements in row order."""
        return whole if self.is_plain else whole[self.places]

    def values(self):
        return self.values_of(self.whole())

    def put(self, at, to, whole=None):
        """Writes numbers into the memory, or into a flat tensor that stands for it."""
        whole = self.whole() if whole is None else whole
        if at is not None and len(at) == 1:
            whole[at[0] if self.is_plain else self.places[at[0]]] = to[0]
            return
        numbers = self.torch.as_tensor(to, dtype=whole.dtype, device=whole.device)
        if at is None and self.is_plain:
            whole.copy_(numbers)
        elif self.is_plain:
            whole[self.torch.as_tensor(at, device=whole.device)] = numbers
        else:
            whole[self.places if at is None else self.places[self.torch.as_tensor(at)]] = numbers

    def own(self):
        """Memory like this one, of its own. A plain one has the parameter's shape: gradients of a sparse
        embedding cannot pass through a view."""
        whole = self.whole().clone()
        return whole.view(self.shape) if self.is_plain else whole

    def look(self, own, x):
        """What `own` (see `own()`) is in the place of a view x of this memory."""
        if self.is_plain and x.shape == own.shape and x.stride() == own.stride():
            return own
        if self.is_plain and x.dim() == 2 and x.shape == own.shape[::-1] and x.stride() == own.stride()[::-1]:
            return own.t()
        return own.as_strided(x.size(), x.stride(), x.storage_offset() - self.low)

    def is_turned(self, x):
        if len(self.shape) != 2 or x.dim() != 2:
            return False
        return x.stride() == self.stride[::-1] and tuple(x.shape) == self.shape[::-1]

    def gradient(self):
        """What stands in .grad, as one list; None where nothing does."""
        total, seen = None, set()
        for member in self.members:
            if member.grad is None or id(member) in seen:
                continue
            seen.add(id(member))
            claim = member.grad.to_dense() if member.grad.layout != self.torch.strided else member.grad
            if len(self.members) == 1 and self.is_plain:
                return claim.reshape(-1)
            if total is None:
                total = self.torch.zeros(self.size, dtype=claim.dtype, device=claim.device)
            total.index_add_(0, self.places_of(member), claim.reshape(-1))
        return None if total is None else self.values_of(total)


class _Memories(list):
    """The memories of named parameters, found again by address."""

    def __init__(self, torch, named):
        super().__init__()
        self.torch = torch
        self.functorch = torch._C._functorch
        storages = {}
        for name, tensor in named:
            if tensor.layout == torch.strided and tensor.numel():
                storages.setdefault(tensor.untyped_storage().data_ptr(), []).append((name, tensor))
        for members in storages.values():
            for group, low, high in self.apart(members):
                self.append(_Memory(torch, group, low, high))
        self.find()

    def find(self):
        """Notes the addresses: they are others when the parameters' data were exchanged."""
        self.by_pointer = {}
        for index, memory in enumerate(self):
            self.by_pointer.setdefault(memory.first.untyped_storage().data_ptr(), []).append(index)

    @staticmethod
    def apart(members):
        """One storage can hold several parameters side by side, as that of an LSTM on a GPU does."""
        groups = []
        for name, tensor in sorted(members, key=lambda member: member[1].storage_offset()):
            low = tensor.storage_offset()
            high = low + 1 + sum((n - 1) * s for n, s in zip(tensor.size(), tensor.stride()))
            if groups and low < groups[-1][2]:
                groups[-1][0].append((name, tensor))
                groups[-1][2] = max(high, groups[-1][2])
            else:
                groups.append([[(name, tensor)], low, high])
        return groups

    def unwrapped(self, x):
        """The tensor within what torch.func wraps around it."""
        while self.functorch.is_functorch_wrapped_tensor(x):
            x = self.functorch.get_unwrapped(x)
        return x

    def pointer(self, x):
        """The address of a tensor's memory; None for what has none."""
        x = self.unwrapped(x)
        if x.layout != self.torch.strided:
            return None
        try:
            return x.untyped_storage().data_ptr() or None
        except (RuntimeError, NotImplementedError):
            return None

    def of(self, x, pointer):
        """The place of the memory that a tensor stands in; None for another's."""
        found = self.by_pointer.get(pointer)
        if found is None or len(found) == 1:
            return found and found[0]
        offset = self.unwrapped(x).storage_offset()
        return next((i for i in found if self[i].low <= offset < self[i].low + self[i].size), found[0])


# Watching a PyTorch model run: every operation, in which module, and every hand-written autograd.Function.


class _Watcher:
    """Sees the operations of a run. Each has a key that it has again in the next run: its name, and how many of
    that name came before. What is done with it is a subclass's."""

    # Functions that read no values, or that are the derivative's own.
    silent = set(
        """size dim ndimension numel nelement stride storage_offset is_contiguous is_floating_point is_complex
        data_ptr get_device element_size __len__ requires_grad_ untyped_storage storage is_pinned type_as
        register_hook is_shared is_inference retain_grad backward __hash__ has_names is_signed is_same_size
        __get__ __set__ __repr__ __format__ __deepcopy__ __reduce_ex__ is_nonzero_ is_set_to __bool__ is_nonzero
        equal allclose is_same_size grad register_post_accumulate_grad_hook sym_size result_type can_cast
        promote_types __dir__ is_sparse is_coalesced dense_dim sparse_dim""".split()
    )

    def __init__(self, torch, memories):
        self.torch, self.memories = torch, memories
        self.applied = self.quiet = 0
        self.counts = {}
        self.has_inner_gradient = False

    def operation(self, function, args, kwargs):
        if self.quiet:
            return function(*args, **kwargs)
        return self.counted(function, args, kwargs)

    def function_applied(self, kind, apply, args, kwargs):
        """A hand-written autograd.Function is one operation if it is given a parameter, and what is within it
        is not looked at: its backward speaks for the whole."""
        if self.quiet:
            return apply(*args, **kwargs)
        self.applied += 1
        if not self.is_one(kind, args):
            return apply(*args, **kwargs)
        return self.counted(apply, args, kwargs)

    def counted(self, function, args, kwargs):
        name = getattr(function, "__name__", "")
        key = name, self.counts.get(name, 0)
        self.counts[name] = key[1] + 1
        self.quiet += 1
        try:
            return self.seen(key, function, args, kwargs)
        finally:
            self.quiet -= 1

    def run(self, body):
        torch = self.torch
        with _eager(torch), _doorway(torch, self.function_applied), _mode(torch)(self):
            return body()

    def tensors(self, value, found):
        """The tensors in arguments or results, in their order."""
        if isinstance(value, self.torch.Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            for item in value:
                self.tensors(item, found)
        elif isinstance(value, dict):
            for item in value.values():
                self.tensors(item, found)
        return found

    def replaced(self, value, other):
        """Arguments with other(tensor) in the place of each tensor."""
        if isinstance(value, self.torch.Tensor):
            return other(value)
        if isinstance(value, (list, tuple)):
            items = [self.replaced(item, other) for item in value]
            if all(a is b for a, b in zip(items, value)):
                return value
            return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
        if isinstance(value, dict):
            return {key: self.replaced(item, other) for key, item in value.items()}
        return value


def _is_in_place(name, kwargs):
    if name.startswith("__"):
        return name in ("__setitem__", "__iadd__", "__isub__", "__imul__", "__itruediv__", "__idiv__", "__ipow__")
    return name.endswith("_") or kwargs.get("out") is not None


_made = {}


def _mode(torch):
    """The mode through which PyTorch shows its operations; made when PyTorch is there."""
    if "mode" not in _made:
        from torch.overrides import TorchFunctionMode

        class Mode(TorchFunctionMode):
            def __init__(self, watcher):
                super().__init__()
                self.watcher = watcher

            def __torch_function__(self, function, types, args=(), kwargs=None):
                return self.watcher.operation(function, args, kwargs or {})

        _made["mode"] = Mode
    return _made["mode"]


@contextlib.contextmanager
def _eager(torch):
    """Compiled models run uncompiled while they are watched, and attention by the same way with and without
    a gradient."""
    with contextlib.ExitStack() as stack:
        # Where nothing is compiled its compiler is not loaded, and loading it takes seconds.
        if "torch._dynamo" in sys.modules and hasattr(torch.compiler, "set_stance"):
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        stack.enter_context(_one_attention(torch))
        yield


@contextlib.contextmanager
def _one_attention(torch):
    """Without the shortcut that attention takes where no gradient is asked for: the loss is to be the very one
    that is derived."""
    ways = getattr(torch.backends, "mha", None)
    if ways is None or not ways.get_fastpath_enabled():
        yield
        return
    ways.set_fastpath_enabled(False)
    try:
        yield
    finally:
        ways.set_fastpath_enabled(True)


@contextlib.contextmanager
def _doorway(torch, applied):
    """Calls of autograd.Function.apply pass through `applied(kind, apply, args, kwargs)`. The code of apply is
    exchanged, because many programs keep a bound `f = MyFunction.apply`."""
    method = torch.autograd.Function.__dict__["apply"].__func__
    code = method.__code__
    if code.co_freevars != ("__class__",):  # a PyTorch whose apply is another: Functions are not watched
        yield
        return
    original = types.FunctionType(code, method.__globals__, "apply", method.__defaults__, method.__closure__)

    def door(cls, args, kwargs):
        def apply(*args, **kwargs):
            return original(cls, *args, **kwargs)

        apply.__name__ = cls.__name__
        return applied(cls, apply, args, kwargs)

    torch.autograd.Function._watched_apply = staticmethod(door)
    method.__code__ = _door_code()
    try:
        yield
    finally:
        method.__code__ = code
        del torch.autograd.Function._watched_apply


def _door_code():
    __class__ = None

    def apply(cls, *args, **kwargs):
        return __class__._watched_apply(cls, args, kwargs)

    return apply.__code__


class _Calls:
    """Which module's call is running: a stack, kept by hooks that see every module, registered or not."""

    def __init__(self, torch, names):
        self.torch, self.names = torch, names
        self.stack, self.opened, self.number = [], [], 0
        self.counts = {}

    def before(self, module, inputs):
        path = self.names(module)
        # What a parametrization computes belongs to the layer that asks for the weight.
        is_layer = path is not None
        self.opened.append(is_layer)
        if is_layer:
            self.number += 1
            self.counts[path] = self.counts.get(path, 0) + 1
            self.stack.append((self.number, path, self.counts[path]))

    def after(self, module, inputs, output):
        if self.opened and self.opened.pop():
            self.stack.pop()

    @contextlib.contextmanager
    def followed(self):
        hooks = self.torch.nn.modules.module
        handles = [
            hooks.register_module_forward_pre_hook(self.before),
            hooks.register_module_forward_hook(self.after, always_call=True),
        ]
        try:
            with warnings.catch_warnings():
                # A compiled model warns of hooks that see every module; it runs uncompiled here.
                warnings.filterwarnings("ignore", message=".*global hooks on modules")
                yield
        finally:
            for handle in handles:
                handle.remove()

    def scope(self):
        return tuple(self.stack)


def _is_within(inner, outer):
    """Whether a call was made, directly or not, by another one."""
    return len(outer) < len(inner) and inner[: len(outer)] == outer


# Which operations of a PyTorch model read which parameters, followed through whatever is made of them alone.
#
# A *node* is a piece of memory: a parameter's, or one that holds what was computed from parameters (and
# constants) alone. An operation that reads nodes and makes nothing but a view is followed. One that computes
# from nodes and constants alone makes a new node. Any other one is a *reading*: there the parameter meets the data.
#
# A node that was made in one module's call and is read by a call that is further out, its caller, was that
# module's output: its use is in the module that made it. One that is handed down or aside to another module is a
# kernel on its way, and its use is where it is read.


class _Node:
    def __init__(self, number, scope, parents, turned):
        self.number, self.scope, self.parents, self.turned = number, scope, parents, turned

    def memories(self):
        """The parameters' memories that it was computed from, in their order."""
        found, open_nodes, seen = set(), [self], set()
        while open_nodes:
            node = open_nodes.pop()
            if node.number in seen:
                continue
            seen.add(node.number)
            if node.scope is None:
                found.add(node.number)
            open_nodes.extend(node.parents)
        return sorted(found)


class _Reading:
    """A node that the operation `key` reads."""

    def __init__(self, key, order, node, scope, is_settled, view, turned):
        self.key, self.order, self.node, self.scope, self.is_settled = key, order, node, scope, is_settled
        self.view, self.turned = view, turned


class _Trace(_Watcher):
    # Functions that compute x W where the others, torch.nn.functional.linear above all, compute x W^T.
    direct = set("embedding embedding_bag __rmatmul__".split())
    second = {"matmul": 1, "mm": 1, "bmm": 1, "__matmul__": 1, "addmm": 2, "baddbmm": 2, "addbmm": 2}
    random = set("bernoulli bernoulli_ dropout alpha_dropout feature_dropout normal multinomial rrelu".split())
    # What gives a parameter's numbers to Python.
    numbers = set("item tolist numpy __array__ __float__ __int__ cpu_numpy".split())

    def __init__(self, torch, memories, calls, see_through, named=(), constants=()):
        super().__init__(torch, memories)
        self.calls, self.see_through, self.named = calls, see_through, named
        self.nodes = [_Node(i, None, [], False) for i in range(len(memories))]
        self.live, self.kept = {}, []
        # Addresses of what is made of numbers alone: buffers, and what is computed from constants.
        self.constants = {memories.pointer(tensor) for tensor in constants} - {None}
        self.derived, self.readings = {}, []
        self.padding, self.stepwise, self.narrowest = {}, {}, 0
        # Which calls of hand-written functions, by their number, were one operation each.
        self.ones = set()

    # What passes

    def node(self, x, pointer):
        if pointer is None:
            return None
        found = self.live.get(pointer)
        if found is not None:
            return found
        memory = self.memories.of(x, pointer)
        return None if memory is None else self.nodes[memory]

    def is_one(self, kind, args):
        if kind in self.see_through:
            return False
        is_one = any(self.node(x, self.memories.pointer(x)) is not None for x in self.tensors(args, []))
        if is_one:
            self.ones.add(self.applied)
        return is_one

    def function_applied(self, kind, apply, args, kwargs):
        before, is_quiet = self.calls.number, self.quiet
        result = super().function_applied(kind, apply, args, kwargs)
        if not is_quiet and self.applied in self.ones and self.calls.number > before:
            # It runs layers inside, as checkpointing does: those are watched in the next trace.
            self.see_through.add(kind)
        return result

    def seen(self, key, function, args, kwargs):
        name = key[0]
        if name in ("grad", "backward"):
            self.has_inner_gradient = True
        if name in self.silent:
            return function(*args, **kwargs)
        reads, is_constant = [], True
        for x in self.tensors(kwargs, self.tensors(args, [])):
            pointer = self.memories.pointer(x)
            node = self.node(x, pointer)
            if node is None:
                is_constant = is_constant and pointer in self.constants
            else:
                reads.append((node, x, pointer))
                if self.torch._C._functorch.is_functorch_wrapped_tensor(x):
                    self.has_inner_gradient = True
        target = self.target(name, args, kwargs)
        result = function(*args, **kwargs)
        outs = self.tensors(result, [])
        self.note_precision(outs)
        if not reads or name.endswith("_like") or name.startswith("new_"):
            self.note_constants(outs, target, is_constant)
            return result
        self.account(key, args, kwargs, reads, is_constant, target, outs)
        return result

    def target(self, name, args, kwargs):
        """The tensor that an operation writes into, if it does."""
        if not _is_in_place(name, kwargs):
            return None
        target = kwargs.get("out", args[0] if args else None)
        return target if isinstance(target, self.torch.Tensor) else None

    def note_constants(self, outs, target, is_constant):
        if target is not None and not is_constant:
            self.constants.discard(self.memories.pointer(target))
        if is_constant and target is None:
            for out in outs:
                self.constants.add(self.memories.pointer(out))
                self.kept.append(out)

    # From the widest to the narrowest: what a gradient is computed in.
    kinds = ["float64", "float32", "bfloat16", "float16"]

    def note_precision(self, outs):
        for out in outs:
            kind = str(out.dtype)[6:]
            if out.requires_grad and kind in self.kinds:
                self.narrowest = max(self.narrowest, self.kinds.index(kind))

    # What it means

    def account(self, key, args, kwargs, reads, is_constant, target, outs):
        name, scope = key[0], self.calls.scope()
        self.note_padding(key, args, kwargs, reads)
        settled = [node for node, _, _ in reads if node.scope is not None and self.is_settled(node, scope)]
        makes_node = is_constant and not settled and name not in self.random
        if target is not None:
            pointer = self.memories.pointer(target)
            node = self.node(target, pointer)
            if node is not None and node.scope is None:
                return  # the parameter itself is written: that is noted elsewhere
            if makes_node and (node is not None or pointer in self.constants):
                self.note_node(key, [(None, target)], reads, scope)
                return
            self.live.pop(pointer, None)
            self.constants.discard(pointer)
        else:
            read = {pointer for _, _, pointer in reads}
            fresh = [(i, out) for i, out in enumerate(outs) if self.memories.pointer(out) not in read]
            if outs and not fresh:
                return  # a view
            if not any(out.is_floating_point() or out.is_complex() for out in outs) and name not in self.numbers:
                # No derivative passes: a comparison, a place. It is a constant as far as one is concerned.
                self.note_steps(name, reads)
                self.note_constants(outs, None, makes_node)
                return
            if makes_node and fresh and all(self.memories.pointer(out) for _, out in fresh):
                self.note_node(key, fresh, reads, scope)
                return
        seen = set()
        for node, x, _ in reads:
            if node.number not in seen:
                seen.add(node.number)
                turned = node.turned ^ self.is_turned(name, node, args, kwargs, x)
                self.readings.append(_Reading(key, len(self.readings), node, scope, node in settled, self.view(x), turned))

    def is_settled(self, node, scope):
        """Whether a node that is read in a call was the result of the layer that made it. One that is handed on
        was not, except where the user's ties name the layer that made it."""
        return _is_within(node.scope, scope) or (
            node.scope[: len(scope)] != scope and any(call[1] in self.named for call in node.scope[-1:])
        )

    def note_node(self, key, fresh, reads, scope):
        parents = [node for node, _, _ in reads]
        for place, out in fresh:
            pointer = self.memories.pointer(out)
            node = self.live.get(pointer)
            if node is None:
                node = _Node(len(self.nodes), scope, [], self.turned_in(reads, out))
                node.shape, node.stride = tuple(out.shape), out.stride()
                self.nodes.append(node)
                self.live[pointer] = node
                self.kept.append(out)
            node.parents.extend(parent for parent in parents if parent is not node)
            self.constants.discard(pointer)
            self.derived.setdefault(key, []).append((place, node.number))

    def turned_in(self, reads, out):
        """Whether a computed matrix lies the other way than the parameter that it was computed from."""
        for node, x, _ in reads:
            if x.dim() == 2 and out.dim() == 2 and x.numel() == out.numel():
                turned = node.turned ^ self.lies_turned(node, x)
                return turned ^ (tuple(out.shape) != tuple(x.shape))
        return False

    def lies_turned(self, node, x):
        if node.scope is None:
            return self.memories[node.number].is_turned(x)
        return x.stride() == node.stride[::-1] and tuple(x.shape) == node.shape[::-1] and len(node.shape) == 2

    def is_turned(self, name, node, args, kwargs, x):
        """Whether an operation reads a matrix the other way than F.linear reads its weight."""
        turned = self.lies_turned(node, x)
        place = next((i for i, value in enumerate(args) if value is x), None)
        is_direct = name in self.direct or (name in self.second and place == self.second[name])
        if name == "einsum" and args and isinstance(args[0], str) and "->" in args[0]:
            terms, out = args[0].replace(" ", "").split("->")
            term = (terms.split(",") + [""] * 9)[(place or 1) - 1]
            is_direct = len(term) == 2 and term[0] not in out
        return turned ^ is_direct

    def view(self, x):
        x = self.memories.unwrapped(x)
        return tuple(x.size()), tuple(x.stride()), x.storage_offset()

    def note_steps(self, name, reads):
        """Elements that are rounded to whole numbers, as the signs in torch's own orthogonal kernels are."""
        if name not in ("int", "long", "short", "to", "type"):
            return
        for node, x, _ in reads:
            if node.scope is None and x.numel() < self.memories[node.number].first.numel():
                self.stepwise.setdefault(node.number, []).append(self.view(x))

    def note_padding(self, key, args, kwargs, reads):
        """The row that torch.nn.functional.embedding looks up and does not train."""
        if key[0] != "embedding":
            return
        row = kwargs.get("padding_idx", args[2] if len(args) > 2 else None)
        if row is None:
            return
        looked_up = [x for x in self.tensors((args, kwargs), []) if not x.is_floating_point()]
        for node, x, _ in reads:
            if not any(bool((places == row % len(x)).any()) for places in looked_up):
                continue
            # torch.embedding, whose first argument is the table, says -1 where there is none.
            if node.scope is None and x.dim() == 2 and (row >= 0 or args[0] is not x):
                self.padding[key] = node.number, row % x.shape[0]


# From what a trace saw to uses: a *site* is what one use of a layer reads, and what must be replaced there.


class _Site:
    """One use of one or several parameters by a layer."""

    def __init__(self, scope, nodes, readings):
        self.scope, self.readings = scope, list(readings)
        self.memories = sorted({memory for node in nodes for memory in node.memories()})
        self.layer, self.call = (scope[-1][1], scope[-1][2]) if scope else (None, 1)
        self.first = min((reading.order for reading in readings), default=float("inf"))
        self.turned = readings[0].turned if readings else False
        # The result itself, where the loss is made of parameters alone.
        self.end = nodes[0].number if not readings else None

    def points(self):
        return {(reading.key, reading.node.number) for reading in self.readings}

    def node_numbers(self):
        return {reading.node.number for reading in self.readings} | ({self.end} - {None})

    def kind(self):
        """What a second site must have the same of to be the same use in another run."""
        return self.layer, self.call, tuple(self.memories)


# More uses than these of one parameter in one layer, such as the steps of a long loop, are one use.
_most_uses = 12


def _sites(torch, trace, result):
    """The sites of a trace, in the order of their first reading."""
    groups = {}
    for reading in trace.readings:
        if reading.is_settled:
            key = (reading.node.scope, reading.node.number, "made")
        else:
            key = (reading.scope, reading.node.number, "read")
        groups.setdefault(key, []).append(reading)
    sites = []
    for (scope, _, how), readings in groups.items():
        parts = [readings] if how == "made" else _apart(torch, readings)
        sites += [_Site(scope, [part[0].node], part) for part in parts]
    node = trace.live.get(trace.memories.pointer(result))
    if node is not None:
        sites.append(_Site(node.scope, [node], []))
    sites = _joined(sites)
    sites.sort(key=lambda site: site.first)
    return sites


def _apart(torch, readings):
    """One call that reads several slices of a parameter, none of them twice, uses it once. One that reads the
    same elements twice uses it twice."""
    if len(readings) == 1:
        return [readings]
    parts = []
    for reading in readings:
        places = _places(torch, *reading.view)
        for part, taken in parts:
            if taken.isdisjoint(places):
                part.append(reading)
                taken |= places
                break
        else:
            parts.append(([reading], places))
    return [part for part, _ in parts]


def _places(torch, size, stride, offset):
    count = 1
    for n in size:
        count *= n
    if count > 200_000:  # of a large one the whole is taken
        return {-1}
    at = torch.tensor(offset)
    for n, s in zip(size, stride):
        at = at.unsqueeze(-1) + torch.arange(n) * s
    return set(at.reshape(-1).tolist())


def _joined(sites):
    """Many sites of one layer with the same parameters as one."""
    alike = {}
    for site in sites:
        alike.setdefault((site.layer, tuple(site.memories)), []).append(site)
    joined = []
    for group in alike.values():
        if len(group) > _most_uses and all(site.end is None for site in group):
            first = group[0]
            first.readings = [reading for site in group for reading in site.readings]
            group = [first]
        joined += group
    return joined


class _Plan:
    """What a replay does at which operation."""

    def __init__(self, trace, sites):
        self.sites = sites
        self.has_inner_gradient, self.ones = trace.has_inner_gradient, trace.ones
        nodes = trace.nodes
        # For each site: the computed nodes that lead to what it reads.
        self.needs = []
        for site in sites:
            needed, open_nodes = set(), [nodes[number] for number in site.node_numbers()]
            while open_nodes:
                node = open_nodes.pop()
                if node.scope is not None and node.number not in needed:
                    needed.add(node.number)
                    open_nodes.extend(node.parents)
            self.needs.append(needed)
        wanted = set().union(*self.needs) if self.needs else set()
        self.derived = {
            key: [(place, node) for place, node in made if node in wanted]
            for key, made in trace.derived.items()
            if any(node in wanted for _, node in made)
        }
        self.note_padding(trace)
        self.points = {}
        for index, site in enumerate(sites):
            for key, node in site.points():
                self.points.setdefault(key, []).append((node, index))
        self.at = set(self.points) | set(self.derived)

    def note_padding(self, trace):
        """For each site, the (memory, row) pairs that it looks up and does not train."""
        for site, needed in zip(self.sites, self.needs):
            keys = {reading.key for reading in site.readings}
            keys |= {key for key, made in trace.derived.items() if any(node in needed for _, node in made)}
            site.padding = {trace.padding[key] for key in keys if key in trace.padding}


# Runs a PyTorch model again with other values in the place of a parameter, for single uses of it alone.


class _Replay(_Watcher):
    """A run along a plan. For each site that is given values, what leads from the parameter to the site is
    computed a second time beside the run, with those values, and put in where the site reads it."""

    def __init__(self, torch, memories, plan, given):
        super().__init__(torch, memories)
        self.plan = plan
        self.has_inner_gradient = plan.has_inner_gradient
        # By site: by node, the tensor that stands for it there.
        self.stands = {site: dict(values) for site, values in given.items()}
        self.live, self.kept = {}, []

    def outcome(self, body):
        result = self.run(body)
        for index, stands in self.stands.items():
            site = self.plan.sites[index]
            if site.end is not None:
                # The loss is made of parameters alone.
                result = stands.get(site.end, result)
        return result

    def node(self, x):
        pointer = self.memories.pointer(x)
        if pointer is None:
            return None
        found = self.live.get(pointer)
        return self.memories.of(x, pointer) if found is None else found

    def is_one(self, kind, args):
        return self.applied in self.plan.ones

    def seen(self, key, function, args, kwargs):
        if key not in self.plan.at:
            return function(*args, **kwargs)
        made = self.plan.derived.get(key)
        beside = self.beside(made, key[0], args, kwargs) if made else []
        points = self.plan.points.get(key)
        if points:
            args, kwargs = self.put_in(points, args, kwargs)
        result = function(*args, **kwargs)
        if made:
            self.note(made, function, args, kwargs, result, beside)
        return result

    def put_in(self, points, args, kwargs):
        stands = {}
        for node, site in points:
            if node in self.stands.get(site, ()):
                stands[node] = self.stands[site][node]
        if not stands:
            return args, kwargs

        def other(x):
            node = self.node(x)
            return x if node not in stands else self.stand_in(x, node, stands[node])

        return self.replaced(args, other), self.replaced(kwargs, other)

    def beside(self, made, name, args, kwargs):
        """The sites for which an operation must be run a second time, with its arguments; tensors that it
        writes into are copied before it does."""
        runs = []
        target = kwargs.get("out", args[0] if args else None) if _is_in_place(name, kwargs) else None
        for site, stands in self.stands.items():
            if not any(node in self.plan.needs[site] for _, node in made):
                continue

            def other(x):
                node = self.node(x)
                if node is not None and node in stands:
                    return self.stand_in(x, node, stands[node])
                return x.clone() if x is target else x

            others = self.replaced(args, other), self.replaced(kwargs, other)
            if any(a is not b for a, b in zip(self.tensors((args, kwargs), []), self.tensors(others, []))):
                runs.append((stands, others))
        return runs

    def note(self, made, function, args, kwargs, result, runs):
        outs = self.tensors(result, [])
        target = kwargs.get("out", args[0] if args else None)
        for place, node in made:
            out = target if place is None else outs[place]
            self.live[self.memories.pointer(out)] = node
            self.kept.append(out)
        for stands, (others, other_kwargs) in runs:
            made_beside = self.tensors(function(*others, **other_kwargs), [])
            for place, node in made:
                if place is None:
                    written = other_kwargs.get("out", others[0] if others else None)
                    stands[node] = written if written._base is None else written._base
                else:
                    stands[node] = self.laid_out(made_beside[place], outs[place])

    def laid_out(self, own, like):
        """A tensor whose elements lie in memory as those of another one."""
        if self.memories.functorch.is_functorch_wrapped_tensor(own) or own.stride() == like.stride():
            return own
        return own.new_empty_strided(like.size(), like.stride()).copy_(own)

    def stand_in(self, x, node, own):
        """What the tensor `own`, which stands for a node, is in the place of x, a view of the node."""
        functorch = self.memories.functorch
        if functorch.is_functorch_wrapped_tensor(x):
            if functorch.is_functorch_wrapped_tensor(own):
                return own
            inner = self.stand_in(functorch.get_unwrapped(x), node, own)
            if functorch.is_batchedtensor(x):
                return functorch._add_batch_dim(inner, functorch.maybe_get_bdim(x), functorch.maybe_get_level(x))
            return inner + (x - x.detach()) if x.requires_grad else inner
        if node < len(self.memories):
            other = self.memories[node].look(own, x)
        elif x.shape == own.shape and x.stride() == own.stride():
            other = own
        else:
            other = own.as_strided(x.size(), x.stride(), x.storage_offset())
        # What was cut off from its history stays so.
        if not x.requires_grad:
            return other.detach()
        # A model that derives something itself derives by x.
        if self.has_inner_gradient and self.torch.is_grad_enabled():
            return other + (x - x.detach())
        return other


# The uses of a PyTorch model's parameters: found by watching it run, tried, and named.


class _TorchUses:
    """owner   the model's adapter: gives value(), memories and what modules are called"""

    def __init__(self, owner):
        self.owner, self.torch, self.memories = owner, owner.torch, owner.memories
        self.remarks, self.left_out = [], {}
        trace, sites = self.look(True)
        self.trace, self.sites = trace, sites
        self.plans = {True: _Plan(trace, sites)}
        if not owner.derives_losses:
            plain_trace, plain_sites = self.look(False)
            if [s.kind() for s in plain_sites] == [s.kind() for s in sites]:
                self.plans[False] = _Plan(plain_trace, plain_sites)
        # (site, memory) for each use
        self.list = [(index, memory) for index, site in enumerate(sites) for memory in site.memories]
        self.leave_out_untold()
        self.leave_out_dead()

    def look(self, derives):
        seen_through = set()
        while True:
            calls = _Calls(self.torch, self.owner.path_of)
            constants = self.owner.state.every_tensor()
            trace = _Trace(self.torch, self.memories, calls, set(seen_through), self.owner.told, constants)
            with self.torch.set_grad_enabled(derives), calls.followed():
                result = trace.run(self.owner.value)
            if trace.see_through == seen_through:
                return trace, _sites(self.torch, trace, result)
            seen_through = trace.see_through

    # Running

    def loss(self, given, derives=False):
        """The loss with values given to sites: by site, by memory, a tensor (see _Memory.own)."""
        plan = self.plans.get(derives)
        if plan is None:
            plan, derives = self.plans[True], True
        with self.torch.set_grad_enabled(derives):
            return _Replay(self.torch, self.memories, plan, given).outcome(self.owner.value)

    def claims(self):
        """For each use, what the gradient has through it alone; None where nothing comes back."""
        leaves = {}
        for site, memory in self.list:
            leaves.setdefault(site, {})[memory] = self.memories[memory].own().requires_grad_()
        flat = [leaves[site][memory] for site, memory in self.list]
        loss = self.loss(leaves, derives=True)
        if not flat or not loss.requires_grad:
            return [None] * len(flat)
        try:
            found = self.torch.autograd.grad(loss, flat, allow_unused=True, retain_graph=True)
        except RuntimeError:  # a checkpoint with re-entry knows .backward() alone
            loss.backward()
            found = [leaf.grad for leaf in flat]
        told = []
        for (_, memory), claim in zip(self.list, found):
            if claim is not None:
                claim = claim.to_dense() if claim.layout != self.torch.strided else claim
                claim = self.memories[memory].values_of(claim.reshape(-1))
            told.append(claim)
        return told

    # What is not a use

    def moved(self, memory, seed):
        """Values near the present ones, in no special direction."""
        own = self.memories[memory].own()
        chance = self.torch.Generator().manual_seed(seed)
        noise = self.torch.randn(own.shape, generator=chance, dtype=self.torch.float64).to(own.device)
        size = float(own.double().square().mean().sqrt()) or 0.01
        moved = own.double() + 1e-3 * size * noise
        for place in self.stepwise_places(memory):
            moved.reshape(-1)[place] = own.reshape(-1)[place]
        return moved.to(own.dtype)

    def is_told(self, memories, here):
        """Whether the uses that were found are all: moving them moves the loss as moving the parameter does."""
        moved = {memory: self.moved(memory, memory) for memory in memories}
        given = {}
        for site, memory in self.list:
            if memory in moved:
                given.setdefault(site, {})[memory] = moved[memory]
        kept = {memory: self.memories[memory].whole().clone() for memory in memories}
        try:
            through_uses = self.loss(given).item()
            for memory in memories:
                self.memories[memory].whole().copy_(moved[memory].reshape(-1))
            whole = self.owner.loss()
        except Exception:
            return False
        finally:
            for memory, values in kept.items():
                self.memories[memory].whole().copy_(values)
        if whole != whole or through_uses != through_uses:
            return whole != whole and through_uses != through_uses
        roundoff = self.torch.finfo(self.memories[memories[0]].dtype).eps
        return abs(whole - through_uses) <= 1e-2 * abs(whole - here) + 64 * roundoff * (abs(whole) + abs(here))

    def leave_out_untold(self):
        every = list(range(len(self.memories)))
        here = self.owner.loss()
        if not every or self.is_told(every, here):
            return
        untold = [memory for memory in every if not self.is_told([memory], here)]
        for memory in untold:
            layers = [self.layer(site) for site, other in self.list if other == memory]
            self.left_out[memory] = list(dict.fromkeys(layers))
        self.list = [use for use in self.list if use[1] not in self.left_out]
        if untold:
            names = [self.memories[memory].name for memory in untold]
            self.remarks.append(
                {
                    "about": "left-out-use",
                    "parameters": names,
                    "sentence": "The uses of %s cannot all be followed to the layers that make them (compiled code, or a "
                    "library that PyTorch does not see). They are left out: the gradient as a whole is checked, its "
                    "paths are not." % ", ".join(names),
                }
            )

    def leave_out_dead(self):
        """A reading that no gradient comes back from and that does not move the loss, such as one for a log, is
        no use."""
        claims = self.claims()
        here, living = None, []
        for (site, memory), claim in zip(self.list, claims):
            if claim is None:
                here = self.loss({}).item() if here is None else here
                try:
                    if self.loss({site: {memory: self.moved(memory, 1)}}).item() == here:
                        continue
                except Exception:
                    pass
            living.append((site, memory))
        self.list = living

    def rounded_entries(self, memory, claim):
        """Elements, by their place in the parameter, that the model reads as whole numbers and that have no
        gradient."""
        is_plain = self.memories[memory].is_plain and claim is not None
        return [place for place in self.stepwise_places(memory) if is_plain and claim[place] == 0]

    def stepwise_places(self, memory):
        places = set()
        for view in self.trace.stepwise.get(memory, ()):
            places |= {place - self.memories[memory].low for place in _places(self.torch, *view)}
        return sorted(place for place in places if place >= 0)

    # Words

    def layer(self, index):
        site = self.sites[index]
        if site.layer is None:
            return "loss"
        others = self.owner.other_names.get(site.layer)
        return others[(site.call - 1) % len(others)] if others else site.layer

    def description(self, intended):
        alike = {}
        for index, memory in self.list:
            alike.setdefault((self.layer(index), memory), []).append(index)
        first, uses = {}, []
        for index, memory in self.list:
            site, layer = self.sites[index], self.layer(index)
            use = {"layer": layer, "parameter": memory}
            group = alike[layer, memory]
            if len(group) > 1:
                calls = {self.sites[other].call for other in group}
                by_call = len(calls) == len(group)
                use["slot"] = "call %d" % site.call if by_call else "use %d" % (1 + group.index(index))
            way = first.setdefault(memory, site.turned)
            use["transposed"] = len(self.memories[memory].shape) == 2 and site.turned != way
            if site.layer is None or site.layer in self.owner.loss_layers:
                use["loss_term"] = True
            rows = sorted(row for other, row in site.padding if other == memory)
            if rows:
                use["untrained_rows"] = rows
            name = self.memories[memory].name
            if intended & {layer, name, (layer, name)}:
                use["intended"] = True
            uses.append(use)
        return uses


# The same PyTorch model computed in float64 throughout, at the very numbers of its float32 parameters.


class _Double:
    """Exchanges the data of every parameter and buffer for float64 and back. The objects stay the same ones, so
    ties, closures and lists of parameters hold in both precisions."""

    def __init__(self, torch, memories, tensors):
        self.torch, self.memories = torch, memories
        # What is no parameter: buffers, frozen parameters, and what the model holds unregistered.
        self.tensors = [t for t in tensors if t.is_floating_point() and t.dtype != torch.float64]
        self.is_on, self.batch = False, None
        self.has_widened, self.needs_widening = False, True

    @contextlib.contextmanager
    def on(self):
        torch = self.torch
        here = [(member, member.data, memory) for memory in self.memories for member in memory.members]
        here_grads = [member.grad for member, _, _ in here]
        other = [(tensor, tensor.data) for tensor in self.tensors]
        wholes = {id(memory): memory.whole().to(torch.float64, copy=True) for memory in self.memories}
        default = torch.get_default_dtype()
        try:
            for member, data, _ in here:
                member.grad = None
            for member, data, memory in here:
                place = data.size(), data.stride(), data.storage_offset() - memory.low
                member.data = wholes[id(memory)].as_strided(*place)
            self.enter(wholes)
            for tensor, data in other:
                tensor.data = data.double()
            torch.set_default_dtype(torch.float64)
            self.is_on, self.batch = True, None
            yield
        finally:
            self.is_on, self.batch = False, None
            torch.set_default_dtype(default)
            for tensor, data in other:
                tensor.data = data
            for (member, data, _), grad in zip(here, here_grads):
                member.data = data
                member.grad = grad
            self.leave()

    def enter(self, wholes):
        self.lows = [memory.low for memory in self.memories]
        for memory in self.memories:
            memory.low, memory.narrow_start = 0, memory.start
            memory.start = memory.start.double()
        self.memories.find()

    def leave(self):
        for memory, low in zip(self.memories, self.lows):
            memory.low, memory.start = low, memory.narrow_start
        self.memories.find()

    def run(self, body):
        """What `body` gives, with its casts to narrower numbers made casts to float64. A model that has none is
        run as it is."""
        if not self.needs_widening:
            return body()
        with _widening(self.torch)(self):
            return body()

    def wide(self, batch):
        """A batch with its numbers in float64."""
        torch = self.torch

        def widen(x):
            return x.double() if x.is_floating_point() and x.dtype != torch.float64 else x

        if self.batch is None:
            self.batch = _mapped(torch, dict(batch) if hasattr(batch, "keys") else batch, widen)
        return self.batch


def _widening(torch):
    """A mode in which every cast to a narrower kind of number is a cast to float64."""
    if "widening" in _made:
        return _made["widening"]
    from torch.overrides import TorchFunctionMode

    narrow = {torch.float32, torch.float16, torch.bfloat16}
    real = narrow | {torch.float64}
    casts = {"float", "half", "bfloat16"}

    names = {"from_numpy", "as_tensor", "tensor"}
    untouched = {"__get__", "__set__", "copy_"}

    class Widening(TorchFunctionMode):
        def __init__(self, double):
            super().__init__()
            self.double = double

        def __torch_function__(self, function, types, args=(), kwargs=None):
            kwargs = kwargs or {}
            name = getattr(function, "__name__", "")
            if name in casts and args:
                self.double.has_widened = True
                return args[0].double()
            # What is seen at a glance decides whether there is anything to do: this runs for each operation.
            kinds, has_other = set(), bool(kwargs)
            for value in args:
                if isinstance(value, torch.Tensor):
                    kinds.add(value.dtype)
                elif value is not None and not isinstance(value, (int, float)):
                    has_other = True
            if not has_other and len(kinds & real) < 2:
                return function(*args, **kwargs)
            return self.widened(function, name, args, kwargs)

        def widened(self, function, name, args, kwargs):
            if any(isinstance(value, torch.dtype) for value in args):
                args = tuple(self.wide(value) for value in args)
            if kwargs.get("dtype") in narrow:
                kwargs = dict(kwargs, dtype=self.wide(kwargs["dtype"]))
            if name == "type" and len(args) > 1 and isinstance(args[1], str):
                args = (args[0], re.sub("(BFloat16|Float|Half)Tensor", "DoubleTensor", args[1]))
            if name in names:
                result = function(*args, **kwargs)
                return result.double() if result.dtype in narrow and "dtype" not in kwargs else result
            found = _tensors_in(torch, (args, kwargs), [])
            if name in untouched or len({x.dtype for x in found} & real) < 2:
                return function(*args, **kwargs)
            self.double.has_widened = True
            target = args[0] if _is_in_place(name, kwargs) else None
            widen = lambda x: x.double() if x.dtype in narrow and x is not target else x
            return function(*_mapped(torch, args, widen), **_mapped(torch, kwargs, widen))

        def wide(self, value):
            if isinstance(value, torch.dtype) and value in narrow:
                self.double.has_widened = True
                return torch.float64
            return value

    _made["widening"] = Widening
    return Widening


def _tensors_in(torch, value, found):
    if isinstance(value, torch.Tensor):
        found.append(value)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _tensors_in(torch, item, found)
    elif isinstance(value, dict):
        for item in value.values():
            _tensors_in(torch, item, found)
    return found


def _mapped(torch, value, change):
    """Arguments with change(tensor) in the place of each tensor."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        return type(value)(_mapped(torch, item, change) for item in value)
    if isinstance(value, dict):
        return {key: _mapped(torch, item, change) for key, item in value.items()}
    return value


def _rounding(torch, double, value, path_of):
    """Names of the modules in which a run in float64 still makes narrower numbers of wider ones."""
    from torch.utils._python_dispatch import TorchDispatchMode


    calls, found = _Calls(torch, path_of), []
    narrow = (torch.float32, torch.float16, torch.bfloat16)

    class Looking(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            outs = [x for x in _tensors_in(torch, result, []) if x.dtype in narrow]
            if outs and any(x.dtype == torch.float64 for x in _tensors_in(torch, (args, kwargs or {}), [])):
                scope = calls.scope()
                found.append(scope[-1][1] if scope else "the loss")
            return result

    with calls.followed(), Looking(), torch.no_grad():
        double.run(value)
    return list(dict.fromkeys(found))


# What no derivative shows in a PyTorch model: tensors that it does not register, memory held twice, evaluation
# that changes something or draws.


def _reachable(torch, roots, known):
    """Tensors and modules that roots hold in lists, closures, globals or plain attributes: id -> name.

    roots   (name, object) pairs
    known   ids of what is registered, which needs no other name
    """
    found, open_things, seen = {}, [(name, thing, 0) for name, thing in roots], set()
    while open_things:
        name, thing, depth = open_things.pop(0)
        if id(thing) in seen or depth > 6:
            continue
        seen.add(id(thing))
        if isinstance(thing, torch.Tensor) or isinstance(thing, torch.nn.Module):
            if id(thing) not in known:
                found.setdefault(id(thing), name)
        open_things += [(part, item, depth + 1) for part, item in _parts(torch, name, thing, known)]
    return found


def _parts(torch, name, thing, known):
    """What a thing holds, with names."""
    join = lambda part: "%s.%s" % (name, part) if name else str(part)
    if isinstance(thing, torch.nn.Module):
        for store in (thing._parameters, thing._buffers, thing._modules):
            yield from ((join(part), item) for part, item in store.items() if item is not None)
        skipped = ("_parameters", "_buffers", "_modules")
        own = [(part, item) for part, item in vars(thing).items() if part not in skipped]
        yield from ((join(part), item) for part, item in own if not part.startswith("_"))
        yield from _parts(torch, name, getattr(type(thing), "forward", None), known)
    elif isinstance(thing, (list, tuple)):
        yield from ((join(i), item) for i, item in enumerate(thing[:1000]))
    elif isinstance(thing, dict):
        yield from ((join(part), item) for part, item in list(thing.items())[:1000])
    elif isinstance(thing, types.MethodType):
        yield from _parts(torch, name, thing.__func__, known)
        yield name, thing.__self__
    elif isinstance(thing, types.FunctionType):
        cells = zip(thing.__code__.co_freevars, thing.__closure__ or ())
        for part, cell in cells:
            try:
                yield part, cell.cell_contents
            except ValueError:
                pass
        for part in thing.__code__.co_names:
            item = thing.__globals__.get(part)
            if isinstance(item, (torch.Tensor, torch.nn.Module, list, tuple, dict)):
                yield part, item
    elif hasattr(thing, "func") and hasattr(thing, "keywords"):  # functools.partial
        yield name, thing.func
        yield from _parts(torch, name, list(thing.args), known)
    elif type(thing).__module__.split(".")[0] not in ("torch", "builtins", "numpy") and hasattr(thing, "__dict__"):
        if not isinstance(thing, (type, types.ModuleType)):
            yield from ((join(part), item) for part, item in vars(thing).items())


def _leaves(loss):
    """The leaf tensors that the loss's graph leads to."""
    found, open_nodes, seen = [], [loss.grad_fn], set()
    while open_nodes:
        node = open_nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable)
        open_nodes.extend(following for following, _ in node.next_functions)
    return found


def _unregistered_fault(names):
    told = ", ".join(names)
    one = len(names) == 1
    return {
        "id": "unregistered",
        "parameters": list(names),
        "sentence": "The loss reads %s, which %s a gradient, and the model does not register %s: model.parameters() "
        "does not list %s, so no optimizer made from it trains %s, and no state_dict holds %s. Assign it as an "
        "attribute of a module (a list of modules as torch.nn.ModuleList, a tensor as torch.nn.Parameter)."
        % ((told, "asks for" if one else "ask for") + (("it",) * 4 if one else ("them",) * 4)),
    }


def _shared_memory_faults(memories):
    """Different parameters over one memory."""
    faults = []
    for memory in memories:
        different = {}
        for name, member in zip(memory.names, memory.members):
            different.setdefault(id(member), name)
        if len(different) > 1:
            names = list(different.values())
            faults.append(
                {
                    "id": "shared-memory",
                    "parameters": names,
                    "sentence": "%s are different parameters over one memory. Each has a gradient and a state of "
                    "its own, so an optimizer such as Adam steps twice in the same numbers. Give both layers the same "
                    "torch.nn.Parameter, and let one of them transpose it when it reads it." % " and ".join(names),
                }
            )
    return faults


class _Drawing:
    """Which modules of a run draw random numbers: those in whose calls the state of a generator changes, and
    in none of their parts'."""

    def __init__(self, torch):
        self.torch, self.stack, self.names = torch, [], []

    def state(self):
        import random

        states = [self.torch.get_rng_state().numpy().tobytes(), random.getstate()]
        if self.torch.cuda.is_available():
            states.append(self.torch.cuda.get_rng_state().numpy().tobytes())
        return states

    def seen(self, body, name_of):
        hooks = self.torch.nn.modules.module

        def before(module, inputs):
            self.stack.append([module, self.state(), False])

        def after(module, inputs, output):
            if not self.stack:
                return
            module, state, has_drawing_part = self.stack.pop()
            draws = has_drawing_part or self.state() != state
            if draws and self.stack:
                self.stack[-1][2] = True
            if draws and not has_drawing_part:
                self.names.append(name_of(module))

        handles = [
            hooks.register_module_forward_pre_hook(before),
            hooks.register_module_forward_hook(after, always_call=True),
        ]
        try:
            body()
        finally:
            for handle in handles:
                handle.remove()
        return list(dict.fromkeys(self.names))


# What a PyTorch model's tensors are before and after an evaluation: nothing of it may stay changed.


class _TorchState:
    """Looks whether evaluating the loss gives the same twice and changes nothing, and keeps what it changes."""

    def __init__(self, owner):
        self.owner, self.torch, self.memories = owner, owner.torch, owner.memories
        # Tensors that evaluating changes, with their names.
        self.volatile, self.remark = [], None

    def every_tensor(self):
        """Buffers, frozen parameters and what the model holds unregistered: all but the checked parameters."""
        checked = {id(member) for memory in self.memories for member in memory.members}
        found = {}
        for module in (self.owner.inner, self.owner.loss_function):
            if isinstance(module, self.torch.nn.Module):
                for tensor in list(module.parameters()) + list(module.buffers()):
                    found.setdefault(id(tensor), tensor)
        return [tensor for key, tensor in found.items() if key not in checked]

    def named(self):
        found = [(name, p) for name, p in self.owner.named]
        for prefix, module in (("", self.owner.inner), ("loss.", self.owner.loss_function)):
            if isinstance(module, self.torch.nn.Module):
                found += [(prefix + name.replace("_orig_mod.", ""), b) for name, b in module.named_buffers()]
        return found

    def number(self, derives):
        with self.torch.set_grad_enabled(derives):
            return self.owner.value().item()

    def graph(self):
        with self.kept(), self.torch.enable_grad():
            return self.owner.value()

    def choose_threads(self):
        """A small model is slower on several threads than on one, most of all where other programs run."""
        many, times = self.torch.get_num_threads(), {}
        if many == 1:
            return
        for count in (1, many):
            self.torch.set_num_threads(count)
            self.number(False)
            started = time.perf_counter()
            for _ in range(3):
                self.number(False)
            times[count] = time.perf_counter() - started
        self.torch.set_num_threads(1 if times[1] < 1.2 * times[many] else many)

    # Looking

    def look(self):
        named = self.named()
        kept = [tensor.detach().clone() for _, tensor in named]
        same = lambda a, b: a == b or (a != a and b != b)
        derives, first = self.first_value()
        changed = self.changed(named, kept)
        second = self.number(derives)
        self.put_back(changed)
        self.volatile = changed
        faults = []
        if not same(first, second):
            again = self.number(derives)
            self.put_back(changed)
            if changed and same(again, first):
                faults.append(_changes_itself([name for name, _, _ in changed]))
            else:
                self.refuse_draws(first, second)
        else:
            parameters = {id(p) for _, p in self.owner.named}
            names = [name for name, tensor, _ in changed if id(tensor) in parameters]
            if names:
                faults.append(_changes_itself(names))
        self.compare_modes(derives, first, named, kept)
        return faults

    def first_value(self):
        """The loss without a graph; with one where it cannot be had otherwise."""
        try:
            return False, self.number(False)
        except NotCheckable:
            raise
        except Exception:
            value = self.number(True)
            self.owner.derives_losses = True
            return True, value

    def changed(self, named, kept):
        """(name, tensor, values before) of the tensors that are no longer what they were."""
        changed, seen = [], set()
        for (name, tensor), before in zip(named, kept):
            if id(tensor) not in seen and not self.torch.equal(tensor.detach(), before):
                changed.append((name, tensor, before))
            seen.add(id(tensor))
        return changed

    def put_back(self, changed):
        with self.torch.no_grad():
            for _, tensor, before in changed:
                tensor.detach().copy_(before)

    def compare_modes(self, derives, first, named, kept):
        """The loss that trains has a graph. Where it is another number than without one, it is the one measured."""
        if derives:
            return
        with_graph = self.number(True)
        changed = self.changed(named, kept)
        self.put_back(changed)
        have = {id(tensor) for _, tensor, _ in self.volatile}
        self.volatile += [item for item in changed if id(item[1]) not in have]
        kinds = {tensor.dtype for _, tensor in named if tensor.is_floating_point()} or {self.torch.float32}
        roundoff = max(self.torch.finfo(kind).eps for kind in kinds)
        if abs(with_graph - first) > 1e3 * roundoff * max(abs(first), abs(with_graph)):
            self.owner.derives_losses = True
            self.remark = {
                "about": "gradient-mode",
                "parameters": [],
                "sentence": "The loss is %.9g where PyTorch records a gradient and %.9g under torch.no_grad(): the "
                "model asks which it is. The first is the one that trains, and the one that is checked." % (with_graph, first),
            }

    def refuse_draws(self, first, second):
        names = _Drawing(self.torch).seen(lambda: self.number(True), self.name_with_kind)
        told = ", ".join(names[:6]) + (" and %d more" % (len(names) - 6) if len(names) > 6 else "")
        if names:
            raise NotCheckable(
                "asked twice at the same point, the loss is %.9g and %.9g: %s %s random numbers in training mode. "
                "Call model.eval() before the check, or set their probabilities to 0."
                % (first, second, told, "draws" if len(names) == 1 else "draw"),
                draws=[name.split(" ")[0] for name in names],
            )
        raise NotCheckable(
            "asked twice at the same point, the loss is %.9g and %.9g, and no module draws random numbers: something "
            "outside the model changes, or the loss draws. Make both depend on the parameters alone." % (first, second)
        )

    def name_with_kind(self, module):
        path = self.owner.path_of(module) or self.owner.paths.get(id(module)) or self.owner.name
        return "%s (%s)" % (path, type(module).__name__)

    # Keeping

    @contextlib.contextmanager
    def kept(self):
        """Whatever evaluating changes is as it was before."""
        if not self.volatile:
            yield
            return
        here = [(name, tensor, tensor.detach().clone()) for name, tensor, _ in self.volatile]
        try:
            yield
        finally:
            self.put_back(here)

    @contextlib.contextmanager
    def everything_kept(self):
        named = self.named()
        here = [(name, tensor, tensor.detach().clone()) for name, tensor in named]
        try:
            yield
        finally:
            self.put_back(here)

    @contextlib.contextmanager
    def gradients_aside(self):
        """The gradients that the user's tensors have are put aside, and back."""
        here = [(p, p.grad) for _, p in self.owner.named]
        for p, _ in here:
            p.grad = None
        try:
            yield
        finally:
            for p, grad in here:
                p.grad = grad


# What PyTorch optimizers hold and by which rule they step, group by group.


# What each class takes, and what of that the reference knows or does not matter.
_torch_rules = {
    "SGD": "lr momentum weight_decay nesterov maximize",
    "Adam": "lr betas eps weight_decay amsgrad maximize decoupled_weight_decay",
    "AdamW": "lr betas eps weight_decay amsgrad maximize decoupled_weight_decay",
    "RMSprop": "lr alpha eps weight_decay maximize",
}
_torch_no_matter = set("params foreach fused capturable differentiable initial_lr param_names".split())
_torch_words = {"alpha": "smoothing", "eps": "stabilizer", "momentum": "momentum", "weight_decay": "weight_decay"}
_torch_is_known = {
    "Muon": "Muon makes each step of a matrix orthogonal",
    "LBFGS": "LBFGS evaluates the loss several times in a step",
    "Adagrad": "Adagrad adds up all squares",
}


def _made_optimizer(make, model):
    """The optimizer of `optimizers=`: a function of the model or of nothing, or an optimizer itself."""
    if hasattr(make, "step") and not isinstance(make, type):
        return make
    try:
        takes = [
            p
            for p in inspect.signature(make).parameters.values()
            if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        has_rest = any(p.kind == p.VAR_POSITIONAL for p in inspect.signature(make).parameters.values())
    except (TypeError, ValueError):
        takes, has_rest = [None], False
    return make(model) if takes or has_rest else make()


@contextlib.contextmanager
def _fresh_state(optimizer):
    """An optimizer that the user made before has its state put aside while steps are compared."""
    state = getattr(optimizer, "state", None)
    if not state:
        yield
        return
    kept = dict(state)
    state.clear()
    try:
        yield
    finally:
        state.clear()
        state.update(kept)


def _inner_optimizers(torch, optimizer):
    """The PyTorch optimizers that a wrapper steps: itself, or those it holds."""
    if isinstance(optimizer, torch.optim.Optimizer):
        return [optimizer]
    found = []
    for value in list(getattr(optimizer, "__dict__", {}).values()):
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if hasattr(item, "step") and item is not optimizer and not hasattr(item, "last_epoch"):
                found += [inner for inner in _inner_optimizers(torch, item) if inner not in found]
    return found


def _base_rule(torch, optimizer):
    """The class of torch.optim that an optimizer is or is made from, and whether it is that class itself."""
    for kind in type(optimizer).__mro__:
        if kind.__module__.split(".")[:2] == ["torch", "optim"] and kind is not torch.optim.Optimizer:
            return kind.__name__
    return None


def _group_rule(kind, group):
    """A group's options in the reference's words, and the options that it does not know."""
    known = _torch_rules[kind].split()
    rule = {"rule": kind.lower(), "learning_rate": float(group.get("lr", 0))}
    if "betas" in group:
        rule["beta1"], rule["beta2"] = (float(beta) for beta in group["betas"])
    for theirs, ours in _torch_words.items():
        if theirs in known and theirs in group:
            rule[ours] = float(group[theirs])
    for word in ("nesterov", "maximize", "amsgrad"):
        if word in known and group.get(word):
            rule[word] = True
    if kind in ("Adam", "AdamW") and group.get("decoupled_weight_decay", kind == "AdamW"):
        rule["rule"] = "adamw"
        rule["decoupled"] = True
    unknown = [
        "%s=%s" % (key, value)
        for key, value in group.items()
        if key not in known and key not in _torch_no_matter and not isinstance(value, (list, dict)) and value
    ]
    if kind == "RMSprop" and group.get("weight_decay"):
        unknown.append("weight_decay=%s" % group["weight_decay"])
    return rule, unknown


class _TorchOptimizer:
    """What is said of one optimizer."""

    def __init__(self, torch, memories, name, optimizer, frozen):
        self.torch, self.memories, self.name, self.optimizer = torch, memories, name, optimizer
        self.frozen = frozen
        self.by_id = {id(member): memory for memory in memories for member in memory.members}

    def description(self):
        inner = _inner_optimizers(self.torch, self.optimizer)
        entry = {"name": self.name, "rule": type(self.optimizer).__name__.lower(), "frozen": self.frozen}
        groups, unknown, foreign, held = [], [], 0, []
        for optimizer in inner:
            kind = _base_rule(self.torch, optimizer)
            if kind not in _torch_rules:
                unknown.append(_torch_is_known.get(kind, "%s has no reference" % type(optimizer).__name__))
            for group in optimizer.param_groups:
                names, others = self.names(group["params"])
                foreign += others
                held += [name for name in names if name not in held]
                rule = {}
                if kind in _torch_rules:
                    rule, odd = _group_rule(kind, group)
                    unknown += [option for option in odd if option not in unknown]
                groups.append(dict(rule, parameters=names))
        if inner:
            entry.update(holds=held, foreign=foreign)
        else:
            unknown.append("%s is no torch.optim.Optimizer and holds none" % type(self.optimizer).__name__)
        if groups:
            entry.update({key: value for key, value in groups[0].items() if key != "parameters"})
        without = lambda group: {key: value for key, value in group.items() if key != "parameters"}
        if any(without(group) != without(groups[0]) for group in groups):
            entry["groups"] = groups
        if unknown:
            entry["rule"] = type(self.optimizer).__name__.lower()
            entry["not_compared"] = "%s is not compared with a reference: %s." % (self.name, "; ".join(unknown))
        clip = getattr(self.optimizer, "clip", None)
        if isinstance(clip, dict):
            entry["clip"] = clip
        return entry

    def names(self, parameters):
        """The model's parameters among those of a group, and how many are not the model's."""
        names, others = [], 0
        for parameter in parameters:
            memory = self.by_id.get(id(parameter))
            if memory is None:
                others += bool(parameter.requires_grad)
            elif memory.name not in names:
                names.append(memory.name)
        return names, others


class clipped:
    """An optimizer whose gradients are clipped before each step, as a training loop does it.

    optimizers={"adam": lambda model: tiecheck.clipped(torch.optim.Adam(model.parameters()), norm=1.0)}

    norm    the longest that all gradients together may be (torch.nn.utils.clip_grad_norm_)
    value   the largest that one entry may be (torch.nn.utils.clip_grad_value_)
    """

    def __init__(self, optimizer, norm=None, value=None):
        if (norm is None) == (value is None):
            raise TypeError("clipped() takes norm= or value=, one of them")
        self.optimizer, self.state = optimizer, optimizer.state
        self.clip = {"norm": float(norm)} if norm is not None else {"value": float(value)}

    def parameters(self):
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def zero_grad(self):
        self.optimizer.zero_grad()

    def step(self):
        import torch

        if "norm" in self.clip:
            torch.nn.utils.clip_grad_norm_(self.parameters(), self.clip["norm"])
        else:
            torch.nn.utils.clip_grad_value_(self.parameters(), self.clip["value"])
        self.optimizer.step()


def _step(optimizer, loss):
    """One step as a training loop makes it."""
    optimizer.zero_grad()
    needs_closure = [
        p
        for p in inspect.signature(optimizer.step).parameters.values()
        if p.name == "closure" and p.default is p.empty
    ]
    if needs_closure:

        def closure():
            optimizer.zero_grad()
            value = loss()
            value.backward()
            return value

        optimizer.step(closure)
        return
    loss().backward()
    optimizer.step()


# What the parts of a PyTorch model are called.


class _TorchNames:
    """Names of a model's modules and parameters, and of what it holds unregistered."""

    def unwrapped(self, model):
        """The model within what torch.compile and data parallelism wrap around it."""
        while True:
            inner = getattr(model, "_orig_mod", None)
            if inner is None and type(model).__name__ in ("DistributedDataParallel", "DataParallel"):
                inner = model.module
            if inner is None:
                return model
            model = inner

    def note_names(self):
        torch, names = self.torch, {}
        for path, module in self.inner.named_modules(remove_duplicate=False):
            names.setdefault(id(module), []).append(path.replace("_orig_mod.", "") or self.name)
        self.paths = {key: paths[0] for key, paths in names.items()}
        told = self.told = {layer for tie in self.ties for layer in tie}
        # A module that stands under several names is called by them in turn, if a tie names them.
        self.other_names = {p[0]: p for p in names.values() if len(p) > 1 and told & set(p[1:])}
        self.loss_layers = set()
        self.named = [
            (path.replace("_orig_mod.", ""), p)
            for path, p in self.inner.named_parameters(remove_duplicate=False)
        ]
        if isinstance(self.loss_function, torch.nn.Module):
            for path, module in self.loss_function.named_modules():
                if id(module) not in self.paths:
                    self.paths[id(module)] = "loss.%s" % path if path else "loss"
                    self.loss_layers.add(self.paths[id(module)])
            self.named += [("loss.%s" % path, p) for path, p in self.loss_function.named_parameters()]
        roots = [("", self.inner), ("loss", self.loss_function)]
        self.elsewhere = _reachable(torch, roots, set(self.paths) | {id(p) for _, p in self.named})

    def path_of(self, module):
        """What a module is called; None where what it computes belongs to whoever calls it."""
        path = self.paths.get(id(module))
        if path is None and next(module.parameters(), None) is not None:
            path = self.elsewhere.get(id(module), type(module).__name__.lower())
            self.paths[id(module)] = path
        if path is None or "parametrizations" in path.split(".") or module is self.model is not self.inner:
            return None
        return path

    def kind_of(self, layer):
        kinds = {path: type(module).__name__ for path, module in self.inner.named_modules(remove_duplicate=False)}
        return kinds.get(layer, "loss" if layer == "loss" or layer in self.loss_layers else "module")


# What a PyTorch model says of itself.


class _TorchDescription:
    """The answer to the question "describe"."""

    def description(self):
        self.prepare()
        can = ["gradient", "use"] + (["steps"] if self.optimizers else [])
        description = {
            "name": self.name,
            "loss": getattr(self.loss_function, "__name__", type(self.loss_function).__name__),
            "parameters": self.parameters(),
            "uses": self.uses.description(self.intended),
            "optimizers": [self.optimizer(name).description() for name in self.optimizers],
            "can": can,
        }
        batch = self.tensors_of_batch()
        if batch and batch[-1].dim():
            description["batch"] = len(batch[-1])
        if self.are_claims_of_a_piece():
            can.append("gradient_by_use")
        else:
            description["claims_by_use"] = "apart"
        description["layers"] = [
            {"name": layer, "type": self.kind_of(layer)}
            for layer in dict.fromkeys(use["layer"] for use in description["uses"])
        ]
        description["ties"] = self.ties_that_can_be_told(description["uses"])
        self.note_double(description)
        self.note_equal_values()
        _note_findings(description, self.faults, self.remarks)
        return description

    def ties_that_can_be_told(self, uses):
        if not self.uses.left_out:
            return self.ties
        heard = {use["layer"] for use in uses}
        return [tie for tie in self.ties if heard.issuperset(tie)]

    def parameters(self):
        self.whole = self.claimed()
        parameters = []
        for index, (memory, claim) in enumerate(zip(self.memories, self.whole)):
            entry = {
                "name": memory.name,
                "shape": list(memory.shape),
                "values": memory.values().double().tolist(),
                "precision": self.precision(memory),
            }
            if claim is None:
                entry["unused"] = True
            entries = self.uses.rounded_entries(index, claim)
            if entries:
                entry["untrained_entries"] = entries
            parameters.append(entry)
        return parameters

    def precision(self, memory):
        """The narrowest arithmetic that the gradient passes, whatever the parameter is kept in."""
        words = ["double", "float", "bfloat16", "float16"]
        return words[max(words.index(memory.precision), self.uses.trace.narrowest)]

    def are_claims_of_a_piece(self):
        """Whether the claims by use add up to the gradient; where they do not they are not compared."""
        sums = {}
        for (_, memory), claim in zip(self.uses.list, self.evaluated(self.uses.claims)):
            if claim is not None:
                sums[memory] = claim + sums[memory] if memory in sums else claim
        apart = []
        for index, (memory, whole) in enumerate(zip(self.memories, self.whole)):
            if index in self.uses.left_out:
                continue
            zero = self.torch.zeros_like(memory.values())
            whole, parts = (zero if whole is None else whole), sums.get(index, zero)
            size = max(float(whole.abs().max()), float(parts.abs().max()))
            tolerance = {"double": 1e-6, "float": 1e-3}.get(self.precision(memory), 5e-2)
            if not float((whole - parts).abs().max()) <= tolerance * size:
                apart.append(memory.name)
        if apart:
            self.remarks.append(
                {
                    "about": "by-use-apart",
                    "parameters": apart,
                    "sentence": "What the uses of %s claim one by one does not add up to the gradient that training has "
                    "(a hook on the gradient, a checkpoint with re-entry, or a gradient kept aside): the claims of "
                    "single uses cannot be told apart and are not compared. The gradient as a whole is, and each "
                    "path is measured." % ", ".join(apart),
                }
            )
        return not apart

    def note_double(self, description):
        if self.witness != "double":
            return
        self.double = _Double(self.torch, self.memories, self.state.every_tensor())
        try:
            with self.in_double():
                with self.state.kept():
                    missing, rounding = None, _rounding(self.torch, self.double, self.value, self.path_of)
                self.loss()
                self.loss_in_uses([(use, []) for use in range(len(self.uses.list))])
                self.double.needs_widening = self.double.has_widened
        except Exception as error:
            missing = "The model does not run in float64: %s: %s." % (type(error).__name__, str(error).split("\n")[0])
        if missing:
            description["double_missing"] = missing
            return
        description["can"].append("double")
        if rounding:
            self.remarks.append(
                {
                    "about": "double-rounds",
                    "parameters": [],
                    "sentence": "Measured in float64, and still rounded to fewer digits in %s." % ", ".join(rounding),
                }
            )

    def note_equal_values(self):
        arrays = [
            _array_keys(memory.name, memory.values().reshape(memory.shape).double().cpu().numpy())
            for memory in self.memories
        ]
        self.remarks += _equal_values([keys for keys in arrays if keys])


# A PyTorch model as a checker asks it.


def torch_model(
    model, loss=None, batch=None, optimizers=None, name=None, ties=(), intended=(), frozen=(), witness="double"
):
    """A torch.nn.Module at its present parameters.

    loss        a function of the model's output and the target; None if the output is the loss, or has it as
                .loss, as models of the transformers library do
    batch       (input, target); the input may be a tuple of several, or a dictionary of named ones
    optimizers  name -> a function that takes the model and gives a fresh torch.optim.Optimizer
    ties        [["encoder", "decoder"]]: modules that are meant to share a parameter
    intended    layers, parameters or (layer, parameter) whose claimed gradient is deliberately not the
                derivative (straight-through, scaled by frequency)
    frozen      names of parameters that no optimizer is meant to train
    witness     "double": the loss is measured in float64 wherever it can be; "own": as the model computes it

    Parameters are told apart by the memory they stand in: two over one memory are one, used twice. Its
    uses are found by watching which operations of which module read that memory.
    """
    return _Torch(model, loss, batch, optimizers or {}, name, ties, intended, frozen, witness)


class _Torch(_TorchNames, _TorchDescription):
    def __init__(self, model, loss, batch, optimizers, name, ties, intended, frozen, witness):
        import torch

        self.torch, self.model, self.loss_function, self.optimizers = torch, model, loss, optimizers
        self.batch = batch
        self.inner = self.unwrapped(model)
        self.name, self.ties = name or type(self.inner).__name__, [list(tie) for tie in ties]
        self.intended, self.frozen, self.witness = set(intended), list(frozen), witness
        self.derives_losses, self.uses, self.double = False, None, None
        self.faults, self.remarks = [], []
        self.note_names()

    # The loss

    def output(self, batch):
        inputs = batch
        if isinstance(inputs, (tuple, list)) and self.loss_function is not None:
            inputs = inputs[0]
        if hasattr(inputs, "keys"):
            return self.model(**inputs)
        return self.model(*inputs) if isinstance(inputs, tuple) else self.model(inputs)

    def value(self):
        batch = self.double.wide(self.batch) if self.double is not None and self.double.is_on else self.batch
        output = self.output(batch)
        if self.loss_function is not None:
            target = batch[1:] if isinstance(batch, (tuple, list)) else ()
            loss = self.loss_function(output, *target)
        else:
            loss = getattr(output, "loss", output)
        if not isinstance(loss, self.torch.Tensor):
            raise NotCheckable(
                "the loss is a %s and no tensor, so it has no gradient: return the tensor, without .item() or float()"
                % type(loss).__name__
            )
        self.loss_shape = tuple(loss.shape)
        return loss if loss.dim() == 0 else loss.mean()

    def evaluated(self, body):
        """What `body` gives, with the tensors that evaluating changes as they were."""
        with self.state.kept():
            if self.double is not None and self.double.is_on:
                return self.double.run(body)
            with _one_attention(self.torch):
                return body()

    def loss(self):
        with self.torch.set_grad_enabled(self.derives_losses):
            return self.evaluated(self.value).item()

    def loss_in_uses(self, alone):
        given = {}
        for use, changes in alone:
            site, memory = self.uses.list[use]
            own = self.memories[memory].own()
            for change in changes:
                self.memories[memory].put(change.get("at"), change["to"], own.reshape(-1))
            given.setdefault(site, {})[memory] = own
        return self.evaluated(lambda: self.uses.loss(given, self.derives_losses)).item()

    # Description

    def prepare(self):
        torch = self.torch
        self.faults, self.remarks = [], []
        self.memories = _Memories(torch, [pair for pair in self.named if pair[1].requires_grad])
        self.state = _TorchState(self)
        self.faults += self.state.look()
        self.note_unregistered()
        self.faults += _shared_memory_faults(self.memories)
        if self.state.remark:
            self.remarks.append(self.state.remark)
        if not self.memories:
            raise NotCheckable("the model has no parameter with requires_grad=True, so there is no gradient to check")
        if not self.derives_losses:
            self.evaluated(self.state.choose_threads)
        self.uses = self.evaluated(lambda: _TorchUses(self))
        self.remarks += self.uses.remarks
        if self.loss_shape:
            self.remarks.append(
                {
                    "about": "unreduced-loss",
                    "parameters": [],
                    "sentence": "The loss has the shape %s; its mean is checked." % (self.loss_shape,),
                }
            )

    def note_unregistered(self):
        """Leaves of the loss's graph that stay from one evaluation to the next and that nothing registers."""
        own = {id(p) for _, p in self.named}
        given = {self.memories.pointer(x) for x in self.tensors_of_batch()}
        first, second = (_leaves(self.state.graph()) for _ in range(2))
        lasting = {id(leaf) for leaf in first} & {id(leaf) for leaf in second}
        found = [
            leaf
            for leaf in first
            if id(leaf) in lasting and id(leaf) not in own and self.memories.pointer(leaf) not in given
        ]
        if not found:
            return
        named = []
        for leaf in found:
            name = self.elsewhere.get(id(leaf)) or "a tensor of the shape %s" % (tuple(leaf.shape),)
            names = [other for other, _ in named]
            named.append((name if name not in names else "%s (%d)" % (name, len(named)), leaf))
        held = {id(p) for p in self.held_by_optimizers()}
        untrained = [name for name, leaf in named if id(leaf) not in held]
        if untrained:
            self.faults.append(_unregistered_fault(untrained))
        self.named += named
        self.memories = _Memories(self.torch, [pair for pair in self.named if pair[1].requires_grad])
        self.state.memories = self.memories

    def held_by_optimizers(self):
        for make in self.optimizers.values():
            optimizer = _made_optimizer(make, self.model)
            for group in getattr(optimizer, "param_groups", []):
                yield from group["params"]

    def tensors_of_batch(self):
        found, open_things = [], [self.batch]
        while open_things:
            thing = open_things.pop()
            if isinstance(thing, self.torch.Tensor):
                found.append(thing)
            elif isinstance(thing, (tuple, list)):
                open_things += thing
            elif hasattr(thing, "values"):
                open_things += list(thing.values())
        return found

    # Answers

    @contextlib.contextmanager
    def in_double(self):
        with self.double.on():
            yield

    def snapshot(self):
        """What puts every tensor of the model back as it is now, whatever was done to it meanwhile."""
        tensors = [p for _, p in self.named]
        for module in (self.inner, self.loss_function):
            if isinstance(module, self.torch.nn.Module):
                tensors += list(module.buffers())
        kept = [(tensor, tensor.data, tensor.detach().clone(), tensor.grad) for tensor in tensors]
        modes = [(module, module.training) for module in self.inner.modules()]
        threads = self.torch.get_num_threads()

        def put_back():
            self.torch.set_num_threads(threads)
            for tensor, data, values, grad in kept:
                tensor.data = data
                if not self.torch.equal(data, values):
                    data.copy_(values)
                tensor.grad = grad
            for module, mode in modes:
                module.training = mode

        return put_back

    def set(self, parameter, at, to):
        self.memories[parameter].put(at, to)

    def restore(self, parameter, at):
        memory = self.memories[parameter]
        if at is None:
            memory.put(None, memory.start)
        elif len(at) == 1:
            memory.put(at, [memory.start[at[0]]])
        else:
            memory.put(at, memory.start[self.torch.as_tensor(at)])

    def claimed(self):
        def derived():
            loss = self.value()
            if loss.requires_grad:
                loss.backward()
            claims = [memory.gradient() for memory in self.memories]
            return [None if claim is None else claim.detach().clone() for claim in claims]

        with self.state.gradients_aside(), self.torch.enable_grad():
            return self.evaluated(derived)

    def gradient(self):
        return [None if claim is None else claim.double().tolist() for claim in self.claimed()]

    def gradient_by_use(self):
        with self.state.gradients_aside():
            claims = self.evaluated(self.uses.claims)
        return [None if claim is None else claim.double().tolist() for claim in claims]

    def optimizer(self, name):
        made = _made_optimizer(self.optimizers[name], self.model)
        return _TorchOptimizer(self.torch, self.memories, name, made, self.frozen)

    def steps(self, name, count):
        if name not in self.optimizers:
            raise KeyError("there is no optimizer %r" % name)
        with self.state.gradients_aside(), self.state.everything_kept(), self.torch.enable_grad():
            optimizer = _made_optimizer(self.optimizers[name], self.model)
            with _fresh_state(optimizer), _one_attention(self.torch):
                way = []
                for _ in range(count):
                    _step(optimizer, self.value)
                    way.append([memory.values().double().tolist() for memory in self.memories])
                state = getattr(optimizer, "state", None)
                return dict({"parameters": way}, **({"states": len(state)} if state is not None else {}))


# Derivatives and arrays of the library that Keras runs on: TensorFlow, PyTorch or JAX.


def _keras_engine(keras):
    name = keras.backend.backend()
    kinds = {"tensorflow": _TensorFlowEngine, "torch": _TorchEngine, "jax": _JaxEngine}
    if name not in kinds:
        raise RuntimeError("Keras runs on %s; set KERAS_BACKEND to tensorflow, torch or jax" % name)
    return kinds[name](keras)


class _TensorFlowEngine:
    def __init__(self, keras):
        import tensorflow

        self.keras, self.tf = keras, tensorflow

    def tensor(self, array):
        return self.tf.constant(array)

    def derived(self, loss, arrays):
        """The derivatives of loss(tensors) by tensors with these values; None where nothing comes back."""
        leaves = [self.tf.constant(array) for array in arrays]
        with self.tf.GradientTape() as tape:
            tape.watch(leaves)
            value = loss(leaves)
        return tape.gradient(value, leaves, unconnected_gradients="none")

    def trained(self, loss, variables):
        """The derivatives by variables, as training takes them."""
        with self.tf.GradientTape() as tape:
            value = loss()
        return tape.gradient(value, [variable.value for variable in variables])

    def numpy(self, tensor):
        return self.tf.convert_to_tensor(tensor).numpy()

    def wide_casts(self):
        return [(self.tf, "cast")]

    def is_wide(self):
        return contextlib.nullcontext()


class _TorchEngine:
    def __init__(self, keras):
        import torch

        self.keras, self.torch = keras, torch

    def tensor(self, array):
        return self.torch.as_tensor(array).to(self.keras.src.backend.torch.core.get_device())

    def derived(self, loss, arrays):
        leaves = [self.tensor(array).clone().requires_grad_() for array in arrays]
        value = loss(leaves)
        if not value.requires_grad:
            return [None] * len(leaves)
        return self.torch.autograd.grad(value, leaves, allow_unused=True)

    def trained(self, loss, variables):
        leaves = [variable._value for variable in variables]
        value = loss()
        if not value.requires_grad:
            return [None] * len(leaves)
        kept = [leaf.grad for leaf in leaves]
        for leaf in leaves:
            leaf.grad = None
        try:
            value.backward()
            return [leaf.grad for leaf in leaves]
        finally:
            for leaf, grad in zip(leaves, kept):
                leaf.grad = grad

    def numpy(self, tensor):
        return tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else self.keras.ops.convert_to_numpy(tensor)

    def wide_casts(self):
        return []

    def is_wide(self):

        return _widening(self.torch)(types.SimpleNamespace(has_widened=False))


class _JaxEngine:
    def __init__(self, keras):
        import jax

        self.keras, self.jax = keras, jax

    def tensor(self, array):
        return self.jax.numpy.asarray(array)

    def derived(self, loss, arrays):
        leaves = [self.jax.numpy.asarray(array) for array in arrays]
        return self.jax.grad(lambda leaves: loss(leaves).sum())(leaves) if leaves else []

    def trained(self, loss, variables):
        def scoped(values):
            with self.keras.StatelessScope(list(zip(variables, values))):
                return loss()

        return self.jax.grad(scoped)([variable.value for variable in variables])

    def numpy(self, tensor):
        import numpy

        return numpy.asarray(tensor)

    def wide_casts(self):
        return []

    def is_wide(self):

        return _wide_jax()


# Watching a Keras model run: which layer's call reads which variable.


class _KerasWatch:
    """Runs `body` while every reading of a variable is seen. Its use is the layer whose call is running: the
    outermost one below the models, or an inner one if a tie names it.

    substitute   what a use reads in the place of the variable; None leaves it alone
    """

    # What penalties that Keras computes after the model has run are called.
    term = "loss"

    def __init__(self, owner, substitute=None):
        self.owner, self.keras, self.substitute = owner, owner.keras, substitute
        self.stack, self.calls = [], {}
        # (layer, call, variable) of each use; variables that the model does not own; by what a place is found.
        self.uses, self.strangers = [], []
        self.places = {id(variable): place for place, variable in enumerate(owner.variables)}

    def layer(self):
        """The layer that a reading belongs to, and which of its calls."""
        if not self.stack:
            return (self.term if self.owner.is_penalty else self.owner.name), 1
        named = [frame for frame in self.stack if frame[0] in self.owner.told]
        return named[-1] if named else self.stack[0]

    def read(self, variable, value):
        place = self.places.get(id(variable))
        if place is None:
            if variable.trainable and not any(variable is other for other in self.strangers):
                self.strangers.append(variable)
            return value
        key = (*self.layer(), place)
        if key not in self.uses:
            self.uses.append(key)
        other = self.substitute(self.uses.index(key), key) if self.substitute else None
        if other is None:
            return value
        # A layer of mixed precision reads its variable in its own kind of number.
        kind = self.keras.backend.standardize_dtype(value.dtype)
        return other if self.keras.backend.standardize_dtype(other.dtype) == kind else self.keras.ops.cast(other, kind)

    def watched(self, layer):
        call, name = layer.call, self.owner.layer_name(layer)

        def run(*args, **kwargs):
            self.calls[name] = self.calls.get(name, 0) + 1
            self.stack.append((name, self.calls[name]))
            try:
                return call(*args, **kwargs)
            finally:
                self.stack.pop()

        return run

    def run(self, body):
        with contextlib.ExitStack() as stack:
            for layer in self.owner.layers:
                object.__setattr__(layer, "call", self.watched(layer))
                stack.callback(object.__delattr__, layer, "call")
            stack.enter_context(_read_through(self.keras, self.read))
            return body()


@contextlib.contextmanager
def _read_through(keras, read):
    """Every value of a variable passes through read(variable, value)."""
    kind = keras.Variable
    has_own, original = "value" in vars(kind), kind.value
    inside = []

    def value(variable):
        found = original.fget(variable)
        if inside:  # what reading itself reads
            return found
        inside.append(True)
        try:
            return read(variable, found)
        finally:
            inside.pop()

    kind.value = property(value)
    try:
        yield
    finally:
        if has_own:
            kind.value = original
        else:
            del kind.value


# The same Keras model computed in float64 at the very numbers of its float32 variables.


class _KerasDouble:
    def __init__(self, owner):
        self.owner, self.keras, self.engine = owner, owner.keras, owner.engine
        self.values = {}

    @contextlib.contextmanager
    def on(self):
        """While this holds, every variable has float64 values, every layer the policy float64, and casts to
        float32 are casts to float64. `values` holds the checked variables' numbers."""
        from keras.src.backend.common import dtypes

        keras = self.keras
        policy = keras.dtype_policies.DTypePolicy("float64")
        floatx = keras.config.floatx()
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.engine.is_wide())
            for layer in self.owner.every_layer():
                stack.callback(object.__setattr__, layer, "_dtype_policy", layer._dtype_policy)
                object.__setattr__(layer, "_dtype_policy", policy)
            loss = self.owner.loss_function
            if hasattr(loss, "_dtype"):
                stack.callback(setattr, loss, "_dtype", loss._dtype)
                loss._dtype = "float64"
            # Away from TensorFlow, Keras takes float64 for float32 wherever kinds of numbers meet.
            kinds = dtypes.BIT64_TO_BIT32_DTYPE
            stack.callback(kinds.__setitem__, "float64", kinds["float64"])
            kinds["float64"] = "float64"
            keras.config.set_floatx("float64")
            stack.callback(keras.config.set_floatx, floatx)
            for holder, name in self.engine.wide_casts() + self.casts():
                stack.enter_context(_wide_cast(holder, name))
            self.values = {id(variable): None for variable in self.owner.variables}
            stack.callback(self.values.clear)
            for variable, start in zip(self.owner.variables, self.owner.start):
                self.put(variable, start)
            self.fixed = {}
            self.owner.is_double = True
            stack.callback(setattr, self.owner, "is_double", False)
            stack.enter_context(_read_through(keras, self.read))
            yield

    def put(self, variable, array):
        self.values[id(variable)] = self.engine.tensor(array.astype("float64"))

    def casts(self):
        import keras.src.backend as backend
        import keras.src.ops as ops

        holders = self.keras.ops, backend, ops
        return [(holder, name) for holder in holders for name in ("cast", "convert_to_tensor")]

    def read(self, variable, value):
        found = self.values.get(id(variable))
        if found is not None:
            return found
        if not self.keras.backend.is_float_dtype(variable.dtype):
            return value
        if id(variable) not in self.fixed:
            self.fixed[id(variable)] = self.engine.tensor(self.engine.numpy(value).astype("float64"))
        return self.fixed[id(variable)]


@contextlib.contextmanager
def _wide_cast(holder, name):
    """A cast to a narrower kind of number is one to float64."""
    original = getattr(holder, name)

    def cast(x, dtype=None, *rest, **more):
        word = getattr(dtype, "name", str(dtype)).split(".")[-1]
        return original(x, "float64" if word in ("float32", "float16", "bfloat16") else dtype, *rest, **more)

    setattr(holder, name, cast)
    try:
        yield
    finally:
        setattr(holder, name, original)


# By which rule Keras optimizers step, and what of it the reference does not know.


_keras_words = (
    ("momentum", "momentum"),
    ("nesterov", "nesterov"),
    ("rho", "smoothing"),
    ("beta_1", "beta1"),
    ("beta_2", "beta2"),
    ("epsilon", "stabilizer"),
)
_keras_rules = {"SGD": "sgd", "RMSprop": "rmsprop", "Adam": "adam", "AdamW": "adamw"}


def _keras_base(keras, optimizer):
    """The class of keras.optimizers that an optimizer is or is made from."""
    for kind in type(optimizer).__mro__:
        if kind.__module__.startswith("keras.") and kind is not keras.optimizers.Optimizer:
            return kind.__name__
    return type(optimizer).__name__


def _keras_rule(keras, name, optimizer, variables, names, frozen):
    """What is said of an optimizer that trains these variables."""
    if not optimizer.built:
        optimizer.build(variables)
    base = _keras_base(keras, optimizer)
    entry = {
        "name": name,
        "rule": _keras_rules.get(base, base.lower()),
        "holds": list(names),
        "frozen": list(frozen),
        # Keras keeps its rates in float32, whatever the model's precision.
        "precision": "float",
    }
    unknown = [] if base in _keras_rules else ["%s has no reference" % base]
    try:
        entry["learning_rate"] = float(optimizer.learning_rate)
        if not isinstance(optimizer._learning_rate, keras.Variable):
            unknown.append("its learning rate follows a schedule")
    except Exception:
        unknown.append("its learning rate is not a number")
    for theirs, ours in _keras_words:
        value = getattr(optimizer, theirs, None)
        if value is not None:
            entry[ours] = value if isinstance(value, bool) else float(value)
    adam = entry["rule"] in ("adam", "adamw")
    entry["stabilizer_place"] = "inside" if entry["rule"] == "rmsprop" else "uncorrected" if adam else "root"
    if getattr(optimizer, "amsgrad", False):
        unknown.append("amsgrad=True, whose stabilizer Keras adds elsewhere")
    if entry["rule"] == "rmsprop":
        unknown += ["%s=%s" % (word, getattr(optimizer, word)) for word in ("momentum", "centered") if getattr(optimizer, word, 0)]
    unknown += _decay(entry, optimizer, variables, names)
    unknown += _clip(entry, optimizer)
    if getattr(optimizer, "use_ema", False):
        unknown.append("use_ema=True")
    if getattr(optimizer, "gradient_accumulation_steps", None):
        unknown.append("gradient_accumulation_steps=%s" % optimizer.gradient_accumulation_steps)
    if getattr(optimizer, "loss_scale_factor", None):
        unknown.append("loss_scale_factor=%s" % optimizer.loss_scale_factor)
    bound = [name for name, v in zip(names, variables) if getattr(v, "constraint", None) is not None]
    if bound:
        unknown.append("%s %s a constraint, which is applied after each step" % (", ".join(bound), "has" if len(bound) == 1 else "have"))
    if unknown:
        entry["not_compared"] = "%s is not compared with a reference: %s." % (name, "; ".join(unknown))
    return entry


def _decay(entry, optimizer, variables, names):
    """In Keras every weight decay is decoupled, and variables can be excluded from it."""
    decay = getattr(optimizer, "weight_decay", None)
    if not decay:
        return []
    if entry["rule"] in ("adam", "adamw"):
        entry["rule"], entry["decoupled"] = "adamw", True
    elif entry["rule"] != "sgd" or entry.get("momentum"):
        return ["weight_decay=%s, which Keras applies apart from the gradient" % decay]
    entry["weight_decay"] = float(decay)
    decayed = [bool(optimizer._use_weight_decay(variable)) for variable in variables]
    if not all(decayed):
        skipped = ("name", "holds", "frozen", "precision")
        options = {key: value for key, value in entry.items() if key not in skipped}
        entry["groups"] = [
            dict(options, parameters=[n for n, d in zip(names, decayed) if d == is_decayed], weight_decay=amount)
            for is_decayed, amount in ((True, float(decay)), (False, 0.0))
            if is_decayed in decayed
        ]
    return []


def _clip(entry, optimizer):
    if getattr(optimizer, "global_clipnorm", None):
        entry["clip"] = {"norm": float(optimizer.global_clipnorm)}
    elif getattr(optimizer, "clipvalue", None):
        entry["clip"] = {"value": float(optimizer.clipvalue)}
    elif getattr(optimizer, "clipnorm", None):
        return ["clipnorm=%s, which clips each variable by itself" % optimizer.clipnorm]
    return []


# The layers of a Keras model and what they are called.


class _KerasLayers:
    """Layers, their names, and the uses as they are told."""

    def every_layer(self):
        return self.model._flatten_layers(include_self=True, recursive=True)

    def find_layers(self):
        """The layers that can be a use: those of the model and of the models in it, and inner ones that a tie
        names."""
        found = []

        def look(model):
            for layer in model.layers:
                if isinstance(layer, self.keras.Model):
                    look(layer)
                elif not any(layer is other for other in found):
                    found.append(layer)

        look(self.model)
        for layer in self.every_layer():
            is_named = layer.name in self.told or layer.path in self.told
            if is_named and layer is not self.model and not any(layer is other for other in found):
                found.append(layer)
        names = [layer.name for layer in found]
        self.named_layers = {
            id(layer): layer.path if names.count(layer.name) > 1 or layer.path in self.told else layer.name
            for layer in found
        }
        self.layers = found

    def layer_name(self, layer):
        return self.named_layers[id(layer)]

    def unique_names(self):
        names = []
        for variable in self.variables:
            name, number = variable.path, 2
            while name in names:
                name, number = "%s-%d" % (variable.path, number), number + 1
            names.append(name)
        return names

    def drawing_layers(self, seeds):
        """The layers whose seeds have these paths."""
        owns = lambda layer: [s.state.path for s in getattr(layer, "_seed_generators", [])]
        layers = [layer for layer in self.every_layer() if layer is not self.model]
        return [layer.name for layer in layers if any(path in seeds for path in owns(layer))]

    def described_uses(self):
        layers = {self.layer_name(layer): layer for layer in self.layers}
        repeated = {(layer, place) for layer, call, place in self.uses if call > 1}
        first, uses = {}, []
        for layer, call, place in self.uses:
            use = {"layer": layer, "parameter": place, "transposed": False}
            if (layer, place) in repeated:
                use["slot"] = "call %d" % call
            if layer == _KerasWatch.term and layer not in layers:
                use["loss_term"] = True
            first.setdefault(place, layer)
            kernel = self.variables[place]
            if len(kernel.shape) == 2 and layer != first[place] and layer in layers:
                use["transposed"] = self.is_turned(layers[layer], kernel)
            name = self.names[place]
            if self.intended & {layer, name, (layer, name)}:
                use["intended"] = True
            uses.append(use)
        return uses

    def described_layers(self, uses):
        layers, told = {self.layer_name(layer): layer for layer in self.layers}, []
        for name in dict.fromkeys(use["layer"] for use in uses):
            is_term = name == _KerasWatch.term and name not in layers
            entry = {"name": name, "type": "loss" if is_term else type(layers.get(name, self.model)).__name__}
            width = self.width(layers.get(name))
            told.append(dict(entry, width=int(width)) if width else entry)
        return told

    def width(self, layer):
        try:
            return layer.output.shape[-1]
        except Exception:
            return None

    def is_turned(self, layer, kernel):
        """A layer whose output is as wide as the kernel is high uses it transposed; of a square one nobody
        can tell from outside, and a second use is taken for the transposed one."""
        return self.width(layer) == kernel.shape[0]


# What no derivative shows in a Keras model, and whether it can be measured in Double.


class _KerasStructure:
    """Looks at the model before its gradient is asked for."""

    def note_strangers(self):
        """Trainable variables that the loss reads and the model does not list."""
        watch = _KerasWatch(self)
        watch.run(self.value)
        if watch.strangers:
            self.faults.append(_unregistered_fault([variable.path for variable in watch.strangers]))
            self.variables += watch.strangers

    def look_twice(self):
        """The same twice, and nothing changed."""
        every, seen = [], set()
        for variable in list(self.model.variables) + self.variables:
            if id(variable) not in seen:
                seen.add(id(variable))
                every.append((variable, self.array(variable)))
        first = self.number()
        changed = [(v, before) for v, before in every if not _same_arrays(self.array(v), before)]
        second = self.number()
        for variable, before in changed:
            variable.assign(before)
        if first != second and not (first != first and second != second):
            seeds = [v.path for v, _ in changed if "seed" in v.path]
            others = [v.path for v, _ in changed if "seed" not in v.path]
            if others and not seeds:
                self.faults.append(_changes_itself(others))
                return
            layers = self.drawing_layers(seeds) or seeds
            who = ", ".join(layers) + " draws" if layers else "something in it draws"
            raise NotCheckable(
                "asked twice at the same point, the loss is %.9g and %.9g: %s random numbers although training=False. "
                "Make what it draws depend on nothing but the parameters." % (first, second, who),
                draws=layers,
            )
        own = [v.path for v, _ in changed if any(v is other for other in self.variables)]
        if own:
            self.faults.append(_changes_itself(own))

    def note_double(self, description):
        if self.witness != "double":
            return
        own = self.loss()
        try:
            with self.in_double():
                wide = self.loss()
                self.loss_in_uses([(0, [])] if self.uses else [])
                if self.rounds():
                    raise ValueError("something in the model rounds to float32 all the same")
            if abs(wide - own) > 1e-2 * max(abs(own), abs(wide)):
                raise ValueError("it is %.9g there and %.9g in its own precision" % (wide, own))
            description["can"].append("double")
        except Exception as error:
            word = str(error).strip().split("\n")[0][:200]
            description["double_missing"] = "The loss cannot be computed in float64: %s: %s" % (type(error).__name__, word)

    def rounds(self):
        """Whether the loss in float64 is rough where parameters move by a millionth: its fourth difference then
        shows nothing but rounding."""
        for place, start in list(enumerate(self.start))[:8]:
            start = start.astype("float64")
            way = 1e-6 * (abs(start) + 0.1 * (abs(start).max() or 1.0))
            losses = []
            for step in (-2, -1, 0, 1, 2):
                self.put(place, start + step * way)
                losses.append(self.loss())
            self.put(place, start)
            a, b, c, d, e = losses
            if abs(a - 4 * b + 6 * c - 4 * d + e) > 1e-12 * abs(c):
                return True
        return False


# A Keras 3 model as a checker asks it.


def keras_model(
    model, loss=None, batch=None, optimizers=None, name=None, ties=(), intended=(), frozen=(), witness="double"
):
    """A Keras 3 model at its present weights, run eagerly, on TensorFlow, PyTorch or JAX.

    loss        a keras.losses.Loss, its name, or a function of target and output; None for the one that the
                model was compiled with
    batch       (input, target)
    optimizers  name -> a function that gives a fresh keras.optimizers.Optimizer
    ties        [["encoder", "decoder"]]: layers that are meant to share a weight
    intended    layers, variables or (layer, variable) whose claimed gradient is deliberately not the derivative
    frozen      names of variables that no optimizer is meant to train
    witness     "double": the loss is measured in float64 wherever it can be; "own": as the model computes it

    The loss is what Keras trains on: penalties (regularizers, add_loss) count.

    A variable's uses are the layers that read it while the model runs, however they came by it: as their
    own, through another layer, or as NumPy numbers. What the model itself reads outside its layers is a use
    of the model; whether transposed, the adapter cannot know, and says no.
    """
    return _Keras(model, loss, batch, optimizers or {}, name, ties, intended, frozen, witness)


class _Keras(_KerasLayers, _KerasStructure):
    def __init__(self, model, loss, batch, optimizers, name, ties, intended, frozen, witness):
        import keras

        self.keras, self.engine = keras, _keras_engine(keras)
        self.model = model
        self.loss_function = self.loss_of(loss)
        self.inputs, self.target = batch
        self.optimizers, self.name, self.ties = optimizers, name or model.name, [list(tie) for tie in ties]
        self.told = {layer for tie in self.ties for layer in tie}
        self.intended, self.frozen, self.witness = set(intended), list(frozen), witness
        self.variables, self.layers, self.double = [], [], _KerasDouble(self)
        self.is_penalty = self.is_double = False

    def loss_of(self, loss):
        if isinstance(loss, str):
            return self.keras.losses.get(loss)
        if loss is None:
            if not getattr(self.model, "compiled", False):
                raise ValueError("loss= is missing, and the model is not compiled with one")
            return lambda target, output: self.model.compute_loss(y=target, y_pred=output)
        return loss

    # Running

    def value(self):
        inputs, target = (self.wide(self.inputs), self.wide(self.target)) if self.is_double else (self.inputs, self.target)
        output = self.model(inputs, training=False)
        loss = self.keras.ops.mean(self.loss_function(target, output))
        self.is_penalty = True
        try:
            # Penalties are part of what Keras trains on.
            for penalty in self.model.losses:
                loss = loss + self.keras.ops.cast(penalty, loss.dtype)
            return loss
        finally:
            self.is_penalty = False

    def wide(self, data):
        def widen(x):
            x = self.engine.numpy(x) if not hasattr(x, "astype") else x
            return x.astype("float64") if str(x.dtype) in ("float32", "float16", "bfloat16") else x

        return self.keras.tree.map_structure(widen, data)

    def number(self, substitute=None):
        with _no_graph(self.engine):
            body = self.value if substitute is None else lambda: _KerasWatch(self, substitute).run(self.value)
            return float(self.engine.numpy(body()))

    def loss(self):
        return self.number()

    def loss_in_uses(self, alone):
        own = {}
        for use, changes in alone:
            values = self.here(self.uses[use][2])
            for change in changes:
                values = self.changed(values, change.get("at"), change["to"])
            own[use] = self.engine.tensor(values)
        return self.number(lambda use, key: own.get(self.uses.index(key)) if key in self.uses else None)

    # Description

    def prepare(self):
        self.value()  # builds what is not built yet
        self.find_layers()
        self.faults, self.remarks = [], []
        self.variables = []
        for variable in self.model.trainable_variables:
            if not any(variable is other for other in self.variables):
                self.variables.append(variable)
        self.note_strangers()
        self.start = [self.array(variable) for variable in self.variables]
        self.names = self.unique_names()
        self.look_twice()
        watch = _KerasWatch(self)
        watch.run(self.value)
        self.uses = watch.uses

    def description(self):
        self.prepare()
        uses = self.described_uses()
        whole = self.claimed()
        description = {
            "name": self.name,
            "loss": getattr(self.loss_function, "name", getattr(self.loss_function, "__name__", "loss")),
            "batch": len(self.keras.tree.flatten(self.inputs)[0]),
            "parameters": [
                dict(
                    {"name": name, "shape": list(v.shape), "values": self.flat(v), "precision": self.precision(v)},
                    **({"unused": True} if claim is None else {})
                )
                for name, v, claim in zip(self.names, self.variables, whole)
            ],
            "uses": uses,
            "layers": self.described_layers(uses),
            "ties": self.ties,
            "optimizers": [self.rule(name) for name in self.optimizers],
            "can": ["gradient", "use", "gradient_by_use"] + (["steps"] if self.optimizers else []),
        }
        self.note_double(description)
        keys = [_array_keys(name, start.astype("float64")) for name, start in zip(self.names, self.start)]
        self.remarks += _equal_values([key for key in keys if key])
        _note_findings(description, self.faults, self.remarks)
        return description

    def precision(self, variable):
        kinds = {"float32": "float", "float64": "double", "bfloat16": "bfloat16", "float16": "float16"}
        if variable.dtype not in kinds:
            raise TypeError("%s is of %s; expected float32 or float64" % (variable.path, variable.dtype))
        computed = [layer.compute_dtype for layer in self.layers if layer.compute_dtype in ("bfloat16", "float16")]
        return computed[0] if computed else kinds[variable.dtype]

    def array(self, variable):
        return self.engine.numpy(variable.value).copy()

    def flat(self, tensor):
        return self.engine.numpy(getattr(tensor, "value", tensor)).reshape(-1).astype("float64").tolist()

    def made(self, name):
        make = self.optimizers[name]
        if isinstance(make, self.keras.optimizers.Optimizer):
            # One that was made before may have a state: one like it starts afresh.
            return type(make).from_config(make.get_config())
        try:
            takes = [p for p in inspect.signature(make).parameters.values() if p.default is p.empty]
        except (TypeError, ValueError):
            takes = []
        return make(self.model) if takes and not isinstance(make, type) else make()

    def trained(self):
        """The variables that training trains, and their names."""
        own = self.model.trainable_variables
        pairs = [(v, n) for v, n in zip(self.variables, self.names) if any(v is other for other in own)]
        return [v for v, _ in pairs], [n for _, n in pairs]

    def rule(self, name):
        variables, names = self.trained()
        return _keras_rule(self.keras, name, self.made(name), variables, names, self.frozen)

    # Answers

    def in_double(self):
        return self.double.on()

    def here(self, parameter):
        variable = self.variables[parameter]
        if self.is_double:
            return self.engine.numpy(self.double.values[id(variable)])
        return self.array(variable)

    def changed(self, values, at, to):
        values = values.copy()
        flat = values.reshape(-1)
        if at is None:
            flat[:] = to
        else:
            flat[at] = to
        return values

    def put(self, parameter, values):
        variable = self.variables[parameter]
        if self.is_double:
            self.double.put(variable, values)
        else:
            variable.assign(values)

    def snapshot(self):
        """What puts every variable back as it is now."""
        kept = [(variable, self.array(variable)) for variable in self.model.variables]

        def put_back():
            for variable, values in kept:
                if not _same_arrays(self.array(variable), values):
                    variable.assign(values)

        return put_back

    def set(self, parameter, at, to):
        self.put(parameter, self.changed(self.here(parameter), at, to))

    def restore(self, parameter, at):
        self.put(parameter, self.start[parameter])

    def claimed(self):
        return self.engine.trained(self.value, self.variables)

    def gradient(self):
        return [None if g is None else self.dense(g) for g in self.claimed()]

    def dense(self, gradient):
        return self.flat(self.keras.ops.convert_to_tensor(gradient))

    def gradient_by_use(self):
        def loss(leaves):
            own = lambda use, key: leaves[self.uses.index(key)] if key in self.uses else None
            return _KerasWatch(self, own).run(self.value)

        found = self.engine.derived(loss, [self.array(self.variables[place]) for _, _, place in self.uses])
        return [None if g is None else self.dense(g) for g in found]

    def steps(self, name, count):
        if name not in self.optimizers:
            raise KeyError("there is no optimizer %r" % name)
        variables, _ = self.trained()
        here = [(variable, self.array(variable)) for variable in self.model.variables]
        try:
            optimizer, way = self.made(name), []
            for _ in range(count):
                optimizer.apply(self.engine.trained(self.value, variables), variables)
                way.append([self.flat(variable) for variable in self.variables])
            return {"parameters": way}
        finally:
            for variable, values in here:
                variable.assign(values)


def _no_graph(engine):
    return engine.torch.no_grad() if hasattr(engine, "torch") else contextlib.nullcontext()


# The uses of parameters in a JAX loss, found in its jaxpr: the list of operations that JAX makes of it.
#
# As in PyTorch, what is computed from parameters and constants alone is followed to the operation where it meets
# the data. There each use reads a copy of the parameter of its own.


class _JaxNode:
    """A value that is made of parameters and constants alone, as an instruction."""

    def __init__(self, evaluate, leaves, scope, turned, shape):
        self.evaluate, self.leaves, self.scope, self.turned, self.shape = evaluate, leaves, scope, turned, shape


class _JaxConstant:
    def __init__(self, value):
        self.value = value


class _JaxRun:
    """Evaluates a jaxpr. Each use reads own(use, leaf); a use is (layer, leaf, turned), in the order of its
    reading."""

    def __init__(self, jax, own, layer_of):
        self.jax, self.own, self.layer_of, self.uses = jax, own, layer_of, []
        from jax.extend import core

        self.Literal = core.Literal

    def loss(self, closed, leaves, batch):
        nodes = [
            _JaxNode(lambda read, i=i: read(i), {i}, None, False, tuple(leaf.shape)) for i, leaf in enumerate(leaves)
        ]
        result = self.run(closed.jaxpr, [self.held(c) for c in closed.consts], nodes + list(batch), ())[0]
        return self.read(result, (), None, 0)

    def held(self, constant):
        """Numbers of the program are constants; arrays that it holds may be its data."""
        return _JaxConstant(constant) if getattr(constant, "ndim", 0) == 0 else constant

    def run(self, jaxpr, constants, arguments, outer):
        known = dict(zip(list(jaxpr.constvars) + list(jaxpr.invars), list(constants) + list(arguments)))
        get = lambda v: _JaxConstant(v.val) if isinstance(v, self.Literal) else known[v]
        for equation in jaxpr.eqns:
            scope = outer + self.scope(equation)
            found = [get(v) for v in equation.invars]
            inner = equation.params.get("jaxpr") if equation.primitive.name in ("pjit", "jit", "closed_call") else None
            if inner is not None:
                outs = self.run(inner.jaxpr, [self.held(c) for c in inner.consts], found, scope)
            else:
                outs = self.outcome(equation, found, scope)
            known.update(zip(equation.outvars, outs))
        return [get(v) for v in jaxpr.outvars]

    def scope(self, equation):
        """The names of jax.named_scope, such as Flax gives to its modules."""
        parts = str(equation.source_info.name_stack).split("/")
        return tuple(re.sub(r"^\w+\((.*)\)$", r"\1", part) for part in parts if part)

    def outcome(self, equation, found, scope):
        nodes = [value for value in found if isinstance(value, _JaxNode)]
        if not nodes:
            outs = self.bound(equation, [v.value if isinstance(v, _JaxConstant) else v for v in found])
            if all(isinstance(v, _JaxConstant) for v in found):
                return [_JaxConstant(out) for out in outs]
            return outs
        settled = any(node.scope is not None and _is_output(node.scope, scope) for node in nodes)
        if not settled and all(isinstance(v, (_JaxNode, _JaxConstant)) for v in found):
            return self.derived(equation, found, nodes, scope)
        values = [self.read(value, scope, equation, place) for place, value in enumerate(found)]
        return self.bound(equation, values)

    def bound(self, equation, values):
        # JAX before 0.8 also gives the functions within.
        told = equation.primitive.get_bind_params(equation.params)
        functions, params = told if isinstance(told, tuple) else ((), told)
        outs = equation.primitive.bind(*functions, *values, **params)
        return outs if equation.primitive.multiple_results else [outs]

    def derived(self, equation, found, nodes, scope):
        def evaluate(place):
            def value(read):
                plain = [v.evaluate(read) if isinstance(v, _JaxNode) else v.value for v in found]
                return self.bound(equation, plain)[place]

            return value

        leaves = set().union(*(node.leaves for node in nodes))
        shape = lambda v: tuple(v.aval.shape)
        is_flip = equation.primitive.name == "transpose" and tuple(equation.params["permutation"]) == (1, 0)
        return [
            _JaxNode(evaluate(i), leaves, scope, nodes[0].turned ^ is_flip, shape(v))
            for i, v in enumerate(equation.outvars)
        ]

    def read(self, value, scope, equation, place):
        """What an operation reads: of a node, the value made of this use's own copies."""
        if isinstance(value, _JaxConstant):
            return value.value
        if not isinstance(value, _JaxNode):
            return value
        turned = value.turned ^ _reads_turned(equation, place)
        if value.scope is not None and _is_output(value.scope, scope):
            scope = value.scope
        places = {}
        for leaf in sorted(value.leaves):
            places[leaf] = len(self.uses)
            self.uses.append((self.layer_of(scope, leaf), leaf, turned))
        return value.evaluate(lambda leaf: self.own(places[leaf], leaf))


def _is_output(inner, outer):
    """Whether what a scope made is read by one that it lies in."""
    return len(outer) < len(inner) and inner[: len(outer)] == outer


def _reads_turned(equation, place):
    """Whether an operation sums over a matrix's last index, as x W^T does, and not over its first, as x W."""
    if equation is None or equation.primitive.name != "dot_general":
        return False
    contracted = equation.params["dimension_numbers"][0][place]
    return tuple(contracted) == (1,)


# By which rule an optax optimizer steps, read from the transformations that it is a chain of.


def _optax_parts(transformation):
    """(name, options) of the elementary transformations, in their order; options are what their functions hold."""
    found, open_functions = [], [transformation.update]
    while open_functions:
        function = open_functions.pop(0)
        name = getattr(function, "__qualname__", "?").split(".")[0]
        cells = zip(getattr(function, "__code__", None) and function.__code__.co_freevars or (), function.__closure__ or ())
        held = {}
        for word, cell in cells:
            try:
                held[word] = cell.cell_contents
            except ValueError:
                pass
        if name == "chain" and "update_fns" in held:
            open_functions = list(held["update_fns"]) + open_functions
        elif name == "with_extra_args_support" and "tx" in held:
            open_functions = [held["tx"].update] + open_functions
        elif name != "identity":
            found.append((name, held))
    return found


def _optax_rule(name, transformation, names, frozen):
    """What is said of an optimizer that trains all parameters."""
    entry = {"name": name, "rule": "optax", "holds": list(names), "frozen": list(frozen)}
    try:
        parts = _optax_parts(transformation)
    except Exception:
        parts = [("a function that cannot be read", {})]
    unknown, seen = [], []
    for part, held in parts:
        seen.append(part)
        words = _optax_words(part, held, seen)
        if words is None or any(callable(value) for value in words.values()):
            unknown.append(part)
        else:
            entry.update(words)
    if "learning_rate" not in entry:
        unknown.append("no learning rate that is a number")
    if entry["rule"] == "optax":
        entry["rule"] = "sgd"
    if unknown:
        entry["not_compared"] = "%s is not compared with a reference: %s." % (name, "; ".join(dict.fromkeys(unknown)))
    return entry


def _optax_words(part, held, seen):
    """A transformation in the reference's words; None for one that it does not know in this place."""
    scaled = any(other.startswith("scale_by_") or other in ("trace", "scale") for other in seen[:-1])
    if part == "scale":
        return {"learning_rate": -float(held["step_size"])} if "scale" not in seen[:-1] else None
    if part == "trace" and not scaled and not held.get("accumulator_dtype"):
        return {"rule": "sgd", "momentum": float(held["decay"]), "nesterov": bool(held["nesterov"])}
    if part == "scale_by_adam" and not scaled and not held.get("nesterov") and not held.get("eps_root"):
        return {
            "rule": "adamw" if "add_decayed_weights" in seen else "adam",
            "beta1": float(held["b1"]),
            "beta2": float(held["b2"]),
            "stabilizer": float(held["eps"]),
        } if "add_decayed_weights" not in seen else None
    if part == "scale_by_rms" and not scaled and not held.get("bias_correction") and not held.get("initial_scale"):
        place = "inside" if held.get("eps_in_sqrt") else "root"
        return {"rule": "rmsprop", "smoothing": float(held["decay"]), "stabilizer": float(held["eps"]), "stabilizer_place": place}
    if part == "add_decayed_weights" and not held.get("mask"):
        decay = {"weight_decay": float(held["weight_decay"])}
        if "scale_by_adam" in seen:
            return dict(decay, rule="adamw", decoupled=True)
        return decay if not scaled else None
    if part == "clip_by_global_norm" and len(seen) == 1:
        return {"clip": {"norm": float(held["max_norm"])}}
    if part == "clip" and len(seen) == 1:
        return {"clip": {"value": float(held["max_delta"])}}
    return None


# A pytree of JAX: which of its leaves are parameters, and what they are called.


class _JaxTree:
    """Takes params apart and puts them together again."""

    def take_apart(self, params):
        """The leaves that are arrays of real numbers are the parameters; the others stay as they are."""
        jax = self.jax
        self.merge = lambda tree: tree
        if any(kind.__module__.startswith("flax.nnx") and kind.__name__ == "Module" for kind in type(params).__mro__):
            params = self.split(params)
        with_paths, self.tree = jax.tree_util.tree_flatten_with_path(params)
        self.every = [leaf for _, leaf in with_paths]
        self.places = [i for i, leaf in enumerate(self.every) if self.is_parameter(leaf)]
        if not self.places:
            raise NotCheckable("params holds no array of float32 or float64")
        self.names = self.unique([self.path(with_paths[i][0]) for i in self.places])
        self.arrays = [self.numpy.array(self.every[i]) for i in self.places]
        for name, array in zip(self.names, self.arrays):
            if str(array.dtype) not in ("float32", "float64"):
                raise NotCheckable("%s is of %s; expected float32 or float64" % (name, array.dtype))
        self.start = [array.copy() for array in self.arrays]

    def split(self, model):
        from flax import nnx

        graph, params, rest = nnx.split(model, nnx.Param, ...)
        self.merge = lambda tree: nnx.merge(graph, tree, rest)
        return params

    def is_parameter(self, leaf):
        return hasattr(leaf, "dtype") and hasattr(leaf, "shape") and self.jax.numpy.issubdtype(leaf.dtype, self.jax.numpy.floating)

    def path(self, keys):
        words = [str(getattr(k, "key", getattr(k, "name", getattr(k, "idx", k)))) for k in keys]
        return ".".join(word for word in words if word not in ("params", "value")) or "params"

    def unique(self, names):
        return [n if names.count(n) == 1 else "%s-%d" % (n, names[: i + 1].count(n)) for i, n in enumerate(names)]

    def whole(self, leaves):
        """The pytree with these arrays as its parameters."""
        every = list(self.every)
        for place, leaf in zip(self.places, leaves):
            every[place] = leaf
        return self.merge(self.jax.tree_util.tree_unflatten(self.tree, every))

    def called(self, function, leaves, batch):
        params = self.whole(leaves)
        if self.batch is None:
            return function(params)
        if isinstance(self.batch, tuple) and not self.takes_one_batch(function):
            return function(params, *batch)
        return function(params, batch)

    def takes_one_batch(self, function):
        try:
            kinds = inspect.Parameter
            needed = [
                p
                for p in inspect.signature(function).parameters.values()
                if p.default is p.empty and p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
            ]
        except (TypeError, ValueError):
            return True
        return len(needed) == 2


# A JAX loss of a pytree of parameters, as a checker asks it: Flax, Equinox, or plain functions.


def jax_model(
    loss, params, batch=None, optimizers=None, name=None, ties=(), intended=(), frozen=(), gradient=None, witness="double"
):
    """A loss in JAX.

    loss        a function of params and batch (or of params and what the tuple batch holds): a number, or a
                tuple whose first is the number
    params      a pytree: dictionaries of arrays as Flax's init gives them, an Equinox module, a flax.nnx module
    batch       what else the loss takes; left out where it takes params alone
    optimizers  name -> an optax optimizer, or a function that gives one
    gradient    a function of the same arguments that claims the gradient; jax.grad of the loss if left out
    ties        [["encoder", "decoder"]]: scopes that are meant to share a parameter
    intended, frozen, witness   as for torch_model

    A layer is what jax.named_scope says, which Flax's modules and Equinox's do by themselves:

        with jax.named_scope("decoder"):
            y = h @ params["kernel"].T
    """
    return _Jax(loss, params, batch, optimizers or {}, name, ties, intended, frozen, gradient, witness)


class _Jax(_JaxTree):
    def __init__(self, loss, params, batch, optimizers, name, ties, intended, frozen, gradient, witness):
        import jax
        import numpy

        self.jax, self.numpy, self.loss_function, self.gradient_function = jax, numpy, loss, gradient
        self.batch, self.optimizers = batch, optimizers
        self.name = name or getattr(loss, "__name__", "loss").replace("<lambda>", "model")
        self.ties, self.intended, self.frozen = [list(tie) for tie in ties], set(intended), list(frozen)
        self.witness, self.in_wide = witness, False
        self.take_apart(params)
        self.run = jax.jit(self.value)
        self.derive = jax.grad(self.value)

    # The loss

    def value(self, leaves, batch):
        loss = self.called(self.loss_function, leaves, batch)
        loss = loss[0] if isinstance(loss, tuple) else loss
        if getattr(loss, "shape", ()) != ():
            raise NotCheckable(
                "the loss has the shape %s; expected one number, such as its mean" % (tuple(loss.shape),)
            )
        return loss

    def here(self):
        return [self.jax.numpy.asarray(array) for array in self.arrays]

    def data(self):
        """The batch; in Double, with its numbers in float64."""
        if not self.in_wide:
            return self.batch
        widen = lambda x: self.jax.numpy.asarray(x, "float64") if self.is_parameter(x) else x
        return self.jax.tree_util.tree_map(widen, self.batch)

    def loss(self):
        return float(self.run(self.here(), self.data()))

    def loss_in_uses(self, alone):
        copies = [self.arrays[leaf] for _, leaf, _ in self.uses]
        for use, changes in alone:
            copies[use] = copies[use].copy()
            for change in changes:
                self.write(copies[use], change.get("at"), change["to"])
        return float(self.paths()([self.jax.numpy.asarray(c) for c in copies], self.data()))

    # Uses

    def find_uses(self):
        self.compiled, leaves = {}, self.here()
        self.uses = self.traced(leaves, self.data(), lambda use, leaf: leaves[leaf]).uses

    def traced(self, leaves, data, own):
        """A run of the loss in which each use reads a copy of its own."""
        batch, structure = self.jax.tree_util.tree_flatten(data)
        whole = lambda leaves, batch: self.value(leaves, self.jax.tree_util.tree_unflatten(structure, batch))
        closed = self.jax.make_jaxpr(whole)(leaves, batch)
        run = _JaxRun(self.jax, own, self.layer_of)
        run.result = run.loss(closed, leaves, batch)
        return run

    def paths(self):
        """The loss as a function of one copy of its parameter for each use."""
        if self.in_wide not in self.compiled:

            def loss(copies, data):
                return self.traced(self.here(), data, lambda use, leaf: copies[use]).result

            self.compiled[self.in_wide] = self.jax.jit(loss)
        return self.compiled[self.in_wide]

    def layer_of(self, scope, leaf):
        """Flax's scopes begin with the model's own name; Equinox's are names of classes, and the layer is then
        the one that holds the parameter."""
        scope = tuple(part for part in scope if part)
        if scope and scope[-1].startswith("eqx."):
            held = self.names[leaf].rsplit(".", 1)[0]
            return held if held != self.names[leaf] else self.name
        if not scope:
            return self.name
        for start in range(len(scope)):  # the shortest end that a tie or a parameter's path knows
            word = ".".join(scope[start:])
            if any(word in tie for tie in self.ties) or any(n.startswith(word + ".") for n in self.names):
                return word
        return ".".join(scope)

    # Description

    def description(self):
        self.look_twice()
        self.remarks = []
        try:
            self.find_uses()
        except Exception as error:
            self.uses = []
            self.remarks.append(
                {
                    "about": "left-out-use",
                    "parameters": list(self.names),
                    "sentence": "The uses of the parameters cannot be followed in this loss (%s): the gradient as a whole is "
                    "checked, its paths are not." % type(error).__name__,
                }
            )
        can = ["gradient"] + (["use", "gradient_by_use"] if self.uses and self.paths_agree() else [])
        if self.gradient_function is not None and "gradient_by_use" in can:
            can.remove("gradient_by_use")
        description = {
            "name": self.name,
            "loss": getattr(self.loss_function, "__name__", "loss"),
            "parameters": [
                {
                    "name": name,
                    "shape": list(array.shape),
                    "values": array.reshape(-1).tolist(),
                    "precision": "float" if str(array.dtype) == "float32" else "double",
                }
                for name, array in zip(self.names, self.start)
            ],
            "optimizers": [self.rule(name) for name in self.optimizers],
            "can": can + (["steps"] if self.optimizers else []),
        }
        leaves = [x for x in self.jax.tree_util.tree_leaves(self.batch) if getattr(x, "ndim", 0)]
        if leaves:
            description["batch"] = len(leaves[0])
        if "use" in can:
            description["uses"] = self.described_uses()
            layers = dict.fromkeys(use["layer"] for use in description["uses"])
            description["layers"] = [{"name": layer, "type": "scope"} for layer in layers]
            description["ties"] = self.ties
        self.note_double(description)
        self.note_same_arrays()
        _note_findings(description, [], self.remarks)
        return description

    def described_uses(self):
        first, counts, uses = {}, {}, []
        alike = [(layer, leaf) for layer, leaf, _ in self.uses]
        for layer, leaf, turned in self.uses:
            use = {"layer": layer, "parameter": leaf}
            counts[layer, leaf] = counts.get((layer, leaf), 0) + 1
            if alike.count((layer, leaf)) > 1:
                use["slot"] = "use %d" % counts[layer, leaf]
            use["transposed"] = self.start[leaf].ndim == 2 and turned != first.setdefault(leaf, turned)
            if self.intended & {layer, self.names[leaf], (layer, self.names[leaf])}:
                use["intended"] = True
            uses.append(use)
        return uses

    def paths_agree(self):
        """Whether moving all uses moves the loss as moving the parameters does."""
        random = self.numpy.random.default_rng(1)
        moved = [a + (1e-3 * random.standard_normal(a.shape)).astype(a.dtype) for a in self.start]
        try:
            through = float(self.paths()([self.jax.numpy.asarray(moved[leaf]) for _, leaf, _ in self.uses], self.data()))
        except Exception:
            return False
        whole = float(self.run([self.jax.numpy.asarray(a) for a in moved], self.data()))
        return abs(through - whole) <= 1e-5 * max(abs(whole), 1e-30)

    def look_twice(self):
        first, second = self.loss(), self.loss()
        if first != second and first == first:
            raise NotCheckable("asked twice at the same point, the loss is %.9g and %.9g" % (first, second))

    def note_double(self, description):
        if self.witness != "double" or all(str(a.dtype) == "float64" for a in self.start):
            return
        try:
            with self.in_double():
                wide, is_rough = self.loss(), self.is_rough()
        except Exception as error:
            word = str(error).strip().split("\n")[0][:200]
            description["double_missing"] = "The loss cannot be computed in float64: %s: %s" % (type(error).__name__, word)
            return
        if is_rough:
            description["double_missing"] = "The loss rounds to float32 inside, whatever it is given (%.9g)." % wide
        else:
            description["can"].append("double")

    def is_rough(self):
        """Whether the loss is rough where parameters move by a millionth: rounding alone shows then."""
        for array in self.arrays[:8]:
            kept, losses = array.copy(), []
            way = 1e-6 * (abs(kept) + 0.1 * (abs(kept).max() if kept.size and abs(kept).max() else 1.0))
            for step in (-2, -1, 0, 1, 2):
                array[...] = kept + step * way
                losses.append(self.loss())
            array[...] = kept
            a, b, c, d, e = losses
            if abs(a - 4 * b + 6 * c - 4 * d + e) > 1e-12 * abs(c):
                return True
        return False

    def note_same_arrays(self):
        keys = [_array_keys(name, array) for name, array in zip(self.names, self.start)]
        self.remarks += _equal_values([key for key in keys if key])

    # Answers

    @contextlib.contextmanager
    def in_double(self):
        kept, self.arrays = self.arrays, [array.astype("float64") for array in self.start]
        try:
            with _wide_jax():
                self.in_wide = True
                yield
        finally:
            self.in_wide = False
            self.arrays = kept

    def write(self, array, at, to):
        flat = array.reshape(-1)
        if at is None:
            flat[:] = to
        else:
            flat[at] = to

    def set(self, parameter, at, to):
        self.write(self.arrays[parameter], at, to)

    def restore(self, parameter, at):
        self.arrays[parameter][...] = self.start[parameter]

    def derivative(self, leaves):
        if self.gradient_function is None:
            return self.derive(leaves, self.data())
        found = self.called(self.gradient_function, leaves, self.data())
        claims = self.jax.tree_util.tree_leaves(found, is_leaf=lambda x: x is None)
        if len(claims) != len(self.every):
            raise ValueError("the gradient has %d leaves; params has %d" % (len(claims), len(self.every)))
        return [claims[place] for place in self.places]

    def flat(self, array):
        return None if array is None else self.numpy.asarray(array, "float64").reshape(-1).tolist()

    def gradient(self):
        return [self.flat(claim) for claim in self.derivative(self.here())]

    def gradient_by_use(self):
        copies = [self.jax.numpy.asarray(self.arrays[leaf]) for _, leaf, _ in self.uses]
        return [self.flat(claim) for claim in self.jax.grad(self.paths())(copies, self.data())]

    def made(self, name):
        made = self.optimizers[name]
        return made if hasattr(made, "update") else made()

    def rule(self, name):
        return _optax_rule(name, self.made(name), self.names, self.frozen)

    def steps(self, name, count):
        if name not in self.optimizers:
            raise KeyError("there is no optimizer %r" % name)
        import optax

        optimizer, leaves = self.made(name), self.here()
        state, way = optimizer.init(leaves), []
        for _ in range(count):
            updates, state = optimizer.update(list(self.derivative(leaves)), state, leaves)
            leaves = optax.apply_updates(leaves, updates)
            way.append([self.flat(leaf) for leaf in leaves])
        return {"parameters": way}
