"""Models made of plain functions."""

import contextlib
import os
import sys

from .protocol import NotCheckable
from .values import _Lists, _array_keys, _equal_values, _flat, _holder, _note_findings


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
