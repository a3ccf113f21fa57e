"""A Keras 3 model as a checker asks it."""

import contextlib
import inspect

from .keras_double import _KerasDouble
from .keras_engine import _keras_engine
from .keras_layers import _KerasLayers
from .keras_optimizers import _keras_rule
from .keras_structure import _KerasStructure
from .keras_watch import _KerasWatch
from .values import _array_keys, _equal_values, _note_findings, _same_arrays


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
