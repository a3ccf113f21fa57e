"""The uses of a PyTorch model's parameters: found by watching it run, tried, and named."""

from .torch_replay import _Replay
from .torch_sites import _Plan, _places, _sites
from .torch_trace import _Trace
from .torch_watch import _Calls


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
