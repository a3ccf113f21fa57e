"""A PyTorch model as a checker asks it."""

import contextlib

from .protocol import NotCheckable
from .torch_description import _TorchDescription
from .torch_memory import _Memories
from .torch_names import _TorchNames
from .torch_optimizers import _TorchOptimizer, _fresh_state, _made_optimizer, _step
from .torch_state import _TorchState
from .torch_structure import _leaves, _shared_memory_faults, _unregistered_fault
from .torch_uses import _TorchUses
from .torch_watch import _one_attention


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
