"""A JAX loss of a pytree of parameters, as a checker asks it: Flax, Equinox, or plain functions."""

import contextlib

from .functions import _wide_jax
from .jax_tree import _JaxTree
from .jax_uses import _JaxRun
from .optax_rules import _optax_rule
from .protocol import NotCheckable
from .values import _array_keys, _equal_values, _note_findings


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
