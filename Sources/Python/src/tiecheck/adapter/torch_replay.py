"""Runs a PyTorch model again with other values in the place of a parameter, for single uses of it alone."""

from .torch_watch import _Watcher, _is_in_place


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
