"""Lets tiecheck check a model written in Python: plain functions, NumPy, PyTorch or Keras 3.

    tiecheck verify --write-adapter python -o tiecheck_pipe.py
    tiecheck verify -- python3 model.py

This one file needs nothing but Python 3.8. It speaks the protocol tiecheck-pipe/1: a question is a line
of JSON on standard input, its answer a line on standard output. Import it first: from then on whatever
is printed goes to standard error, because standard output belongs to the protocol.

Plain functions or NumPy:

    import tiecheck_pipe as tiecheck
    tiecheck.serve(tiecheck.functions(
        {"W": [[0.1, 0.2], [0.3, 0.4]], "b": [0.0, 0.1]},    # nested lists, or NumPy arrays
        loss=lambda p: ...,                                  # of p["W"] and p["b"]: a number
        gradient=lambda p: {"W": ..., "b": ...}))

PyTorch and Keras 3 (uses of shared weights are found by watching the model run):

    tiecheck.serve(tiecheck.torch_model(
        model, loss=torch.nn.MSELoss(), batch=(x, y),
        optimizers={"adam": lambda model: torch.optim.Adam(model.parameters(), lr=0.01)}))

    tiecheck.serve(tiecheck.keras_model(
        model, loss=keras.losses.MeanSquaredError(), batch=(x, y),
        optimizers={"adam": lambda: keras.optimizers.Adam(0.01)}))
"""

import json
import os
import sys
import traceback

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


def serve(model):
    """Answers the checker's questions about a model until there are no more."""
    answers = _answers or _claim_output()
    for line in sys.stdin.buffer:
        question = {}
        try:
            question = _numbers(json.loads(line))
            if question["ask"] == "bye":
                return
            answer = _answer(model, question)
        except Exception as error:  # whatever the model raises is the checker's to hear
            traceback.print_exc(file=sys.stderr)
            answer = {"error": "%s: %s" % (type(error).__name__, error)}
        answer["id"] = question.get("id", 0)
        answers.write(_line(answer) + "\n")
        answers.flush()


def _numbers(question):
    """NaN and the infinities stand in a change as strings."""
    for point in question.get("points", []) + [question.get("point", {})]:
        for change in point.get("set", []) + point.get("in_use", {}).get("set", []):
            change["to"] = [float(x) for x in change["to"]]
    return question


def _answer(model, question):
    ask = question["ask"]
    if ask == "describe":
        return dict(model.description(), protocol=PROTOCOL)
    if ask == "losses":
        return {"losses": [_at(model, point, lambda: _loss(model, point)) for point in question["points"]]}
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
    alone = point.get("in_use")
    if alone is None:
        return model.loss()
    return model.loss_in_use(alone["use"], alone["set"])


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


# Plain functions and NumPy


def functions(parameters, loss, gradient, uses=(), name=None, loss_name=None, batch=None, ties=()):
    """A model made of functions.

    parameters  name -> nested lists of numbers, or a NumPy array
    loss        a function of p, where p["W"] is the parameter: gives a number
    gradient    a function of p: gives name -> gradient, of the parameter's shape
    uses        [("encoder", "W"), ("decoder", "W", True)]: which layer uses which parameter, and whether
                transposed. The functions then read p["W", "encoder"] and p["W", "decoder"], and the
                gradient may give a contribution for each: {("W", "encoder"): ..., ("W", "decoder"): ...}
                A layer that uses a parameter several times has a name for each use: "rnn step 1", "rnn step 2"
    ties        [["encoder", "decoder"]]: layers that are meant to share a parameter
    """
    return _Functions(parameters, loss, gradient, uses, name, loss_name, batch, ties)


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

    def tolist(self):
        return list(self.flat)


class _Array:
    """A NumPy array of one's own."""

    def __init__(self, array):
        if str(array.dtype) not in ("float32", "float64"):
            raise TypeError("a parameter is an array of %s; expected float32 or float64" % array.dtype)
        self.array = array.copy(order="C")
        self.flat = self.array.reshape(-1)
        self.shape = list(array.shape)
        self.precision = "float" if str(array.dtype) == "float32" else "double"

    def value(self):
        return self.array

    def put(self, at, to):
        if at is None:
            self.flat[:] = to
        else:
            for i, x in zip(at, to):
                self.flat[i] = x

    def copy(self):
        return _Array(self.array)

    def tolist(self):
        return self.flat.tolist()


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
    def __init__(self, parameters, loss, gradient, uses, name, loss_name, batch, ties):
        self.names = list(parameters)
        self.holders = [_Array(v) if hasattr(v, "dtype") else _Lists(v) for v in parameters.values()]
        self.start = [holder.tolist() for holder in self.holders]
        self.loss_function, self.gradient_function = loss, gradient
        self.uses = [(layer, self.names.index(name)) + tuple(rest) for layer, name, *rest in uses]
        if len({use[:2] for use in self.uses}) < len(self.uses):
            raise ValueError(
                "a layer uses a parameter twice; give each use a name of its own, such as 'rnn step 1'"
            )
        self.has_read_uses = False
        name = name or os.path.splitext(os.path.basename(sys.argv[0]))[0]
        self.words = dict(name=name, loss=loss_name, batch=batch, ties=[list(tie) for tie in ties])
        self.by_use = bool(uses) and any(isinstance(key, tuple) for key in gradient(self.point()))

    def description(self):
        can = ["gradient"] + (["use"] if self.uses else []) + (["gradient_by_use"] if self.by_use else [])
        description = {
            "parameters": [
                {"name": name, "shape": holder.shape, "values": holder.tolist(), "precision": holder.precision}
                for name, holder in zip(self.names, self.holders)
            ],
            "can": can,
        }
        if self.uses:
            description["uses"] = [
                dict(self.place(*use[:2]), parameter=use[1], transposed=bool(use[2:] and use[2])) for use in self.uses
            ]
        description.update((key, value) for key, value in self.words.items() if value)
        return description

    def place(self, name, parameter):
        """Several uses of one parameter that are called "rnn step 1", "rnn step 2" are those of a layer "rnn"."""

        def split(name):
            layer, *slot = name.rsplit(" ", 2)
            return (layer, " ".join(slot)) if len(slot) == 2 and slot[1].isdigit() else (name, None)

        layer, slot = split(name)
        alike = [use for use in self.uses if use[1] == parameter and split(use[0])[0] == layer]
        return {"layer": layer, "slot": slot} if slot and len(alike) > 1 else {"layer": name}

    def point(self):
        return _Point((name, holder.value()) for name, holder in zip(self.names, self.holders))

    def set(self, parameter, at, to):
        self.holders[parameter].put(at, to)

    def restore(self, parameter, at):
        start = self.start[parameter]
        self.holders[parameter].put(at, start if at is None else [start[i] for i in at])

    def loss(self):
        point = self.point()
        if self.has_read_uses:
            return float(self.loss_function(point))
        point.asked = set()
        loss = float(self.loss_function(point))
        for layer, parameter, *_ in self.uses:
            if (self.names[parameter], layer) not in point.asked:
                raise ValueError("the loss never reads p[%r, %r], which uses= promises" % (self.names[parameter], layer))
        self.has_read_uses = True
        return loss

    def loss_in_use(self, use, changes):
        layer, parameter = self.uses[use][:2]
        own = self.holders[parameter].copy()
        for change in changes:
            own.put(change.get("at"), change["to"])
        point = self.point()
        point[self.names[parameter], layer] = own.value()
        return float(self.loss_function(point))

    def claims(self):
        return {
            key: value.reshape(-1).tolist() if hasattr(value, "reshape") else _Lists.flatten(value)
            for key, value in self.gradient_function(self.point()).items()
            if value is not None
        }

    def gradient(self):
        claims, gradient = self.claims(), []
        for name in self.names:
            own = [claim for key, claim in claims.items() if key == name or (isinstance(key, tuple) and key[0] == name)]
            gradient.append([sum(terms) for terms in zip(*own)] if own else None)
        return gradient

    def gradient_by_use(self):
        claims = self.claims()
        single = lambda p: sum(use[1] == p for use in self.uses) == 1
        return [
            claims.get((self.names[p], layer), claims.get(self.names[p]) if single(p) else None)
            for layer, p, *_ in self.uses
        ]


# PyTorch


def torch_model(model, loss, batch, optimizers=None, name=None, ties=()):
    """A torch.nn.Module at its present parameters.

    loss        a function of the model's output and the target
    batch       (input, target); the input may be a tuple of several
    optimizers  name -> a function that takes the model and gives a fresh torch.optim.Optimizer
    ties        [["encoder", "decoder"]]: modules that are meant to share a parameter

    Parameters are told apart by the memory they stand in: two over one memory are one, used twice. Its
    uses are found by watching which operations of which module read that memory.
    """
    return _Torch(model, loss, batch, optimizers or {}, name, ties)


class _Memory:
    """The parameters that stand in one piece of memory."""

    def __init__(self, torch, members):
        self.torch = torch
        # The one that reaches furthest is the parameter; the others are views of it.
        self.names = [name for name, _ in members]
        self.members = [tensor for _, tensor in members]
        self.name, self.first = max(members, key=lambda member: member[1].numel())
        self.size = self.first.untyped_storage().nbytes() // self.first.element_size()
        self.places = self.places_of(self.first)
        self.start = self.first.detach().reshape(-1).clone()
        self.precision = {torch.float32: "float", torch.float64: "double"}.get(self.first.dtype)
        if self.precision is None:
            raise TypeError("%s is of %s; expected float32 or float64" % (self.name, self.first.dtype))
        own = set(self.places.tolist())
        for name, member in members:
            if not own.issuperset(self.places_of(member).tolist()):
                raise ValueError("%s and %s share only a part of their memory" % (self.name, name))

    def places_of(self, tensor):
        every = self.torch.arange(self.size)
        return every.as_strided(tensor.size(), tensor.stride(), tensor.storage_offset()).reshape(-1)

    def whole(self):
        """The memory as one flat tensor."""
        return self.first.detach().as_strided((self.size,), (1,), 0)

    def put(self, at, to, memory=None):
        memory = self.whole() if memory is None else memory
        places = self.places if at is None else self.places[self.torch.as_tensor(at)]
        memory[places] = self.torch.as_tensor(to, dtype=self.first.dtype)

    def values(self):
        return self.first.detach().reshape(-1).tolist()


class _Torch:
    # Functions that read no values.
    silent = set(
        """size dim ndimension numel nelement stride storage_offset is_contiguous is_floating_point is_complex
        data_ptr get_device element_size __len__ requires_grad_ untyped_storage storage is_pinned type_as
        register_hook is_shared is_inference retain_grad backward __hash__ has_names is_signed is_same_size
        __get__ __set__ __repr__ __format__ __deepcopy__ __reduce_ex__ is_nonzero_ is_set_to""".split()
    )

    def __init__(self, model, loss, batch, optimizers, name, ties):
        import torch

        self.torch, self.model, self.loss_function, self.optimizers = torch, model, loss, optimizers
        inputs, self.target = batch
        self.inputs = inputs if isinstance(inputs, tuple) else (inputs,)
        self.name, self.ties = name or type(model).__name__, ties
        groups = {}
        for parameter_name, parameter in model.named_parameters(remove_duplicate=False):
            if parameter.requires_grad:
                groups.setdefault(parameter.untyped_storage().data_ptr(), []).append((parameter_name, parameter))
        self.memories = [_Memory(torch, members) for members in groups.values()]
        self.by_pointer = {pointer: m for m, pointer in enumerate(groups)}
        self.uses = []
        self.run(record=self.uses)
        self.note_orientation()

    # Running

    def value(self):
        return self.loss_function(self.model(*self.inputs), self.target)

    def run(self, record=None, substitute=None):
        """The loss, while each use (an operation that reads a parameter's memory) is recorded, or is given
        what `substitute(use, memory)` says stands in that memory; None leaves it alone."""
        torch, adapter = self.torch, self
        from torch.overrides import TorchFunctionMode
        from torch.utils._pytree import tree_map

        stack, count = [], [0]

        class Watch(TorchFunctionMode):
            def __torch_function__(self, function, types, args=(), kwargs=None):
                kwargs = kwargs or {}
                if getattr(function, "__name__", "") in adapter.silent:
                    return function(*args, **kwargs)
                read = {}
                tree_map(lambda x: adapter.note(x, read), (args, kwargs))
                if not read:
                    return function(*args, **kwargs)
                if adapter.is_view(function, args, kwargs):
                    return function(*args, **kwargs)
                stands = {}
                for m, tensor in read.items():
                    use, count[0] = count[0], count[0] + 1
                    if record is not None:
                        record.append(
                            {
                                "layer": stack[-1] if stack else "loss",
                                "parameter": m,
                                "term": not stack,
                                "direct": getattr(function, "__name__", "") in adapter.direct,
                                "turned": adapter.is_turned(m, tensor),
                            }
                        )
                    stands[m] = substitute(use, m) if substitute else None

                def replaced(x):
                    m = adapter.memory_of(x)
                    if m is None or stands.get(m) is None:
                        return x
                    other = stands[m].as_strided(x.size(), x.stride(), x.storage_offset())
                    # What was cut off from its history stays so.
                    return other if x.requires_grad else other.detach()

                args, kwargs = tree_map(replaced, (args, kwargs))
                return function(*args, **kwargs)

        hooks = []
        for path, module in self.model.named_modules():
            path = path or self.name
            hooks.append(module.register_forward_pre_hook(lambda m, a, path=path: stack.append(path)))
            hooks.append(module.register_forward_hook(lambda m, a, o: stack.pop() and None, always_call=True))
        try:
            with Watch():
                return self.value()
        finally:
            for hook in hooks:
                hook.remove()

    def memory_of(self, x):
        if not isinstance(x, self.torch.Tensor) or x.layout != self.torch.strided:
            return None
        return self.by_pointer.get(x.untyped_storage().data_ptr())

    def note(self, x, read):
        m = self.memory_of(x)
        if m is not None and m not in read:
            read[m] = x

    views = set(
        """t transpose detach view reshape permute expand unsqueeze squeeze T mT H mH flatten view_as swapaxes
        swapdims movedim moveaxis narrow select unflatten as_strided alias data numpy_T adjoint contiguous to
        double float type""".split()
    )

    # Functions that compute x W where the others, torch.nn.functional.linear above all, compute x W^T.
    direct = set("matmul mm addmm bmm baddbmm __matmul__ __rmatmul__ embedding embedding_bag".split())

    def is_view(self, function, args, kwargs):
        """Whether the function only looks at the same memory in another way. Whoever reads that is the use."""
        if getattr(function, "__name__", "") not in self.views:
            return False
        with self.torch.no_grad(), self.torch._C.DisableTorchFunction():
            result = function(*args, **kwargs)
        return self.memory_of(result) is not None

    def is_turned(self, m, tensor):
        first = self.memories[m].first
        if first.dim() != 2 or tensor.dim() != 2:
            return False
        return tensor.stride() == first.stride()[::-1] and tensor.shape == first.shape[::-1]

    def note_orientation(self):
        """A use is transposed if it reads the matrix the other way than the first use does."""
        first = {}
        for use in self.uses:
            way = use["turned"] == use["direct"]
            use["transposed"] = self.memories[use["parameter"]].first.dim() == 2 and (
                way != first.setdefault(use["parameter"], way)
            )

    # Answers

    def description(self):
        parameters = [
            {"name": m.name, "shape": list(m.first.shape), "values": m.values(), "precision": m.precision}
            for m in self.memories
        ]
        types = {path or self.name: type(module).__name__ for path, module in self.model.named_modules()}
        uses = [
            {"layer": use["layer"], "parameter": use["parameter"], "transposed": use["transposed"]}
            | ({"loss_term": True} if use["term"] else {})
            for use in self.uses
        ]
        layers = []
        for use in uses:
            if use["layer"] not in layers:
                layers.append(use["layer"])
        return {
            "name": self.name,
            "loss": getattr(self.loss_function, "__name__", type(self.loss_function).__name__),
            "batch": len(self.inputs[0]),
            "parameters": parameters,
            "uses": uses,
            "layers": [{"name": layer, "type": types.get(layer, "loss")} for layer in layers],
            "ties": [list(tie) for tie in self.ties],
            "optimizers": [self.rule(name, make(self.model)) for name, make in self.optimizers.items()],
            "can": ["gradient", "use", "gradient_by_use"] + (["steps"] if self.optimizers else []),
        }

    def rule(self, name, optimizer):
        d = optimizer.defaults
        trained = {id(p) for group in optimizer.param_groups for p in group["params"]}
        rule = {
            "name": name,
            "rule": type(optimizer).__name__.lower(),
            "learning_rate": float(d.get("lr", 0)),
            "weight_decay": float(d.get("weight_decay", 0)),
            "frozen": [m.name for m in self.memories if not any(id(p) in trained for p in m.members)],
        }
        if "betas" in d:
            rule["beta1"], rule["beta2"] = map(float, d["betas"])
        for theirs, ours in (("momentum", "momentum"), ("alpha", "smoothing"), ("eps", "stabilizer")):
            if theirs in d:
                rule[ours] = float(d[theirs])
        rule["nesterov"] = bool(d.get("nesterov"))
        odd = [key for key in ("amsgrad", "maximize", "centered", "dampening") if d.get(key)]
        if rule["rule"] == "rmsprop" and d.get("momentum"):
            odd.append("momentum")
        if len(optimizer.param_groups) > 1 and any(
            group.get(key) != d.get(key) for group in optimizer.param_groups for key in d
        ):
            odd.append("groups that differ")
        if odd:
            rule["rule"] += " with " + ", ".join(odd)
        return rule

    def set(self, parameter, at, to):
        self.memories[parameter].put(at, to)

    def restore(self, parameter, at):
        memory = self.memories[parameter]
        memory.put(at, memory.start if at is None else memory.start[self.torch.as_tensor(at)])

    def loss(self):
        with self.torch.no_grad():
            return self.value().item()

    def loss_in_use(self, use, changes):
        memory = self.memories[self.uses[use]["parameter"]]
        own = memory.whole().clone()
        for change in changes:
            memory.put(change.get("at"), change["to"], own)
        with self.torch.no_grad():
            return self.run(substitute=lambda u, m: own if u == use else None).item()

    def backward(self):
        self.model.zero_grad(set_to_none=True)
        self.value().backward()

    def gradient(self):
        self.backward()
        gradient = []
        for memory in self.memories:
            total, seen = None, set()
            for member in memory.members:
                if member.grad is None or id(member) in seen:
                    continue
                seen.add(id(member))
                if total is None:
                    total = self.torch.zeros(memory.size, dtype=member.dtype)
                total.index_add_(0, memory.places_of(member), member.grad.to_dense().reshape(-1))
            gradient.append(None if total is None else total[memory.places].tolist())
        return gradient

    def gradient_by_use(self):
        leaves = [self.memories[use["parameter"]].whole().clone().requires_grad_() for use in self.uses]
        loss = self.run(substitute=lambda use, m: leaves[use])
        if not loss.requires_grad:
            return [None] * len(leaves)
        found = self.torch.autograd.grad(loss, leaves, allow_unused=True)
        return [
            None if g is None else g[self.memories[use["parameter"]].places].tolist()
            for use, g in zip(self.uses, found)
        ]

    def steps(self, name, count):
        if name not in self.optimizers:
            raise KeyError("there is no optimizer %r" % name)
        here = [memory.whole().clone() for memory in self.memories]
        try:
            optimizer = self.optimizers[name](self.model)
            way = []
            for _ in range(count):
                optimizer.zero_grad()
                self.value().backward()
                optimizer.step()
                way.append([memory.values() for memory in self.memories])
            return {"parameters": way, "states": len(optimizer.state)}
        finally:
            for memory, values in zip(self.memories, here):
                memory.whole().copy_(values)


# Keras 3


def keras_model(model, loss, batch, optimizers=None, name=None, ties=()):
    """A Keras 3 model at its present weights, run eagerly on the TensorFlow backend.

    loss        a keras.losses.Loss, or a function of target and output
    batch       (input, target)
    optimizers  name -> a function that gives a fresh keras.optimizers.Optimizer
    ties        [["encoder", "decoder"]]: layers that are meant to share a weight

    The loss is what Keras trains on: penalties (regularizers, add_loss) count.

    A variable's uses are the layers that read it while the model runs, however they came by it: as their
    own, through another layer, or as NumPy numbers. What the model itself reads outside its layers is a use
    of the model; whether transposed, the adapter cannot know, and says no.
    """
    return _Keras(model, loss, batch, optimizers or {}, name, ties)


class _Keras:
    def __init__(self, model, loss, batch, optimizers, name, ties):
        import keras
        import tensorflow

        if keras.backend.backend() != "tensorflow":
            raise RuntimeError("Keras runs on %s; set KERAS_BACKEND=tensorflow" % keras.backend.backend())
        self.keras, self.tf, self.model, self.loss_function = keras, tensorflow, model, loss
        self.inputs, self.target = batch
        self.optimizers, self.name, self.ties = optimizers, name or model.name, ties
        self.value()  # builds what is not built yet
        self.variables = []
        for variable in model.trainable_variables:
            if not any(variable is other for other in self.variables):
                self.variables.append(variable)
        self.start = [variable.numpy().copy() for variable in self.variables]
        self.names = self.unique_names()
        self.uses = []
        self.run(record=self.uses)

    def unique_names(self):
        names = []
        for variable in self.variables:
            name, number = variable.path, 2
            while name in names:
                name, number = "%s-%d" % (variable.path, number), number + 1
            names.append(name)
        return names

    def layers(self, model=None):
        for layer in (model or self.model).layers:
            if isinstance(layer, self.keras.Model):
                yield from self.layers(layer)
            else:
                yield layer

    # Running

    def value(self):
        output = self.model(self.inputs, training=False)
        loss = self.tf.reduce_mean(self.loss_function(self.target, output))
        self.is_penalty = True
        try:
            # Penalties are part of what Keras trains on.
            return self.tf.add_n([loss, *self.model.losses])
        finally:
            self.is_penalty = False

    def run(self, record=None, substitute=None):
        """The loss, while each use (a call of a layer that reads a variable) is recorded, or is given what
        `substitute(use)` says the variable is; None leaves it alone."""
        stack, calls, uses = [], {}, []
        adapter = self
        kind = self.keras.Variable
        original = kind.value

        def read(variable):
            value = original.fget(variable)
            place = next((i for i, other in enumerate(adapter.variables) if other is variable), None)
            if place is None or not adapter.is_watching:
                return value
            layer, call = stack[-1] if stack else (adapter.term if adapter.is_penalty else adapter.name, 1)
            key = (layer, call, place)
            if key not in uses:
                uses.append(key)
            other = substitute(uses.index(key)) if substitute else None
            return value if other is None else other

        def watched(layer):
            call = layer.call

            def run(*args, **kwargs):
                if stack:  # a layer within a layer belongs to the outer one
                    return call(*args, **kwargs)
                calls[layer.name] = calls.get(layer.name, 0) + 1
                stack.append((layer.name, calls[layer.name]))
                try:
                    return call(*args, **kwargs)
                finally:
                    stack.pop()

            return run

        layers = []
        for layer in self.layers():
            if not any(layer is other for other in layers):
                layers.append(layer)
        for layer in layers:
            object.__setattr__(layer, "call", watched(layer))
        kind.value = property(read)
        self.is_watching = True
        try:
            return self.value()
        finally:
            self.is_watching = False
            kind.value = original
            for layer in layers:
                object.__delattr__(layer, "call")
            if record is not None:
                record.extend(uses)

    is_watching = False
    is_penalty = False
    # What penalties that Keras computes after the model has run are called.
    term = "loss"

    # Answers

    def description(self):
        layers = {layer.name: layer for layer in self.layers()}
        repeated = {layer for layer, call, _ in self.uses if call > 1}
        first = {}
        uses = []
        for layer, call, place in self.uses:
            use = {"layer": layer, "parameter": place, "transposed": False}
            if layer in repeated:
                use["slot"] = "call %d" % call
            if layer == self.term and layer not in layers:
                use["loss_term"] = True
            first.setdefault(place, layer)
            kernel = self.variables[place]
            if len(kernel.shape) == 2 and layer != first[place] and layer in layers:
                use["transposed"] = self.is_turned(layers[layer], kernel)
            uses.append(use)
        names = list(dict.fromkeys(use["layer"] for use in uses))
        return {
            "name": self.name,
            "loss": getattr(self.loss_function, "name", getattr(self.loss_function, "__name__", "loss")),
            "batch": len(self.inputs),
            "parameters": [
                {"name": name, "shape": list(v.shape), "values": self.flat(v), "precision": self.precision(v)}
                for name, v in zip(self.names, self.variables)
            ],
            "uses": uses,
            "layers": [
                {"name": name, "type": self.type_of(name, layers)}
                | ({"width": int(width)} if (width := self.width(layers.get(name))) else {})
                for name in names
            ],
            "ties": [list(tie) for tie in self.ties],
            "optimizers": [self.rule(name, make()) for name, make in self.optimizers.items()],
            "can": ["gradient", "use", "gradient_by_use"] + (["steps"] if self.optimizers else []),
        }

    def type_of(self, name, layers):
        if name == self.term and name not in layers:
            return "loss"
        return type(layers.get(name, self.model)).__name__

    def width(self, layer):
        try:
            return layer.output.shape[-1]
        except Exception:
            return None

    def is_turned(self, layer, kernel):
        """A layer whose output is as wide as the kernel is high uses it transposed; of a square one nobody
        can tell from outside, and a second use is taken for the transposed one."""
        return self.width(layer) == kernel.shape[0]

    def precision(self, variable):
        kinds = {"float32": "float", "float64": "double"}
        if variable.dtype not in kinds:
            raise TypeError("%s is of %s; expected float32 or float64" % (variable.path, variable.dtype))
        return kinds[variable.dtype]

    def flat(self, tensor):
        return self.tf.reshape(self.tf.convert_to_tensor(tensor), [-1]).numpy().tolist()

    def rule(self, name, optimizer):
        kind = type(optimizer).__name__.lower()
        # Keras keeps its rates in float32, whatever the model's precision.
        rule = {
            "name": name,
            "rule": kind,
            "learning_rate": float(optimizer.learning_rate),
            "precision": "float",
        }
        for theirs, ours in (
            ("momentum", "momentum"),
            ("nesterov", "nesterov"),
            ("rho", "smoothing"),
            ("beta_1", "beta1"),
            ("beta_2", "beta2"),
            ("epsilon", "stabilizer"),
        ):
            value = getattr(optimizer, theirs, None)
            if value is not None:
                rule[ours] = value if isinstance(value, bool) else float(value)
        rule["stabilizer_place"] = {"rmsprop": "inside"}.get(kind, "uncorrected" if "adam" in kind else "root")
        odd = [
            key
            for key in ("amsgrad", "centered", "clipnorm", "clipvalue", "global_clipnorm", "use_ema")
            if getattr(optimizer, key, None)
        ]
        odd += ["gradient accumulation"] if getattr(optimizer, "gradient_accumulation_steps", None) else []
        if kind == "adamw":
            rule["weight_decay"] = float(optimizer.weight_decay or 0)
        elif getattr(optimizer, "weight_decay", None):
            odd.append("weight_decay")
        if kind == "rmsprop" and getattr(optimizer, "momentum", 0):
            odd.append("momentum")
        if odd:
            rule["rule"] += " with " + ", ".join(odd)
        return rule

    def changed(self, values, at, to):
        values = values.copy()
        flat = values.reshape(-1)
        if at is None:
            flat[:] = to
        else:
            flat[at] = to
        return values

    def set(self, parameter, at, to):
        variable = self.variables[parameter]
        variable.assign(self.changed(variable.numpy(), at, to))

    def restore(self, parameter, at):
        self.variables[parameter].assign(self.start[parameter])

    def loss(self):
        return float(self.value())

    def loss_in_use(self, use, changes):
        variable = self.variables[self.uses[use][2]]
        values = variable.numpy()
        for change in changes:
            values = self.changed(values, change.get("at"), change["to"])
        own = self.tf.convert_to_tensor(values)
        return float(self.run(substitute=lambda u: own if u == use else None))

    def taped(self):
        with self.tf.GradientTape() as tape:
            loss = self.value()
        return tape.gradient(loss, [variable.value for variable in self.variables])

    def gradient(self):
        return [None if g is None else self.flat(g) for g in self.taped()]

    def gradient_by_use(self):
        leaves = [self.tf.constant(self.variables[place].numpy()) for _, _, place in self.uses]
        with self.tf.GradientTape() as tape:
            tape.watch(leaves)
            loss = self.run(substitute=lambda use: leaves[use])
        return [None if g is None else self.flat(g) for g in tape.gradient(loss, leaves)]

    def steps(self, name, count):
        if name not in self.optimizers:
            raise KeyError("there is no optimizer %r" % name)
        here = [variable.numpy().copy() for variable in self.variables]
        try:
            optimizer = self.optimizers[name]()
            way = []
            for _ in range(count):
                optimizer.apply(self.taped(), self.variables)
                way.append([self.flat(variable) for variable in self.variables])
            return {"parameters": way}
        finally:
            for variable, values in zip(self.variables, here):
                variable.assign(values)
