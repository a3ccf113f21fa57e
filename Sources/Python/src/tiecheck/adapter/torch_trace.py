"""Which operations of a PyTorch model read which parameters, followed through whatever is made of them alone.

A *node* is a piece of memory: a parameter's, or one that holds what was computed from parameters (and
constants) alone. An operation that reads nodes and makes nothing but a view is followed. One that computes
from nodes and constants alone makes a new node. Any other one is a *reading*: there the parameter meets the data.

A node that was made in one module's call and is read by a call that is further out, its caller, was that
module's output: its use is in the module that made it. One that is handed down or aside to another module is a
kernel on its way, and its use is where it is read.
"""

from .torch_watch import _Watcher, _is_in_place, _is_within


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
