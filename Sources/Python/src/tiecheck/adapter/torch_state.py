"""What a PyTorch model's tensors are before and after an evaluation: nothing of it may stay changed."""

import contextlib
import time

from .functions import _changes_itself
from .protocol import NotCheckable
from .torch_structure import _Drawing


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
