"""The memory that PyTorch parameters stand in: its identity is the tie, whatever the tensors over it are called."""

from .protocol import NotCheckable


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
