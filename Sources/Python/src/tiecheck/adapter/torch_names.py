"""What the parts of a PyTorch model are called."""

from .torch_structure import _reachable


class _TorchNames:
    """Names of a model's modules and parameters, and of what it holds unregistered."""

    def unwrapped(self, model):
        """The model within what torch.compile and data parallelism wrap around it."""
        while True:
            inner = getattr(model, "_orig_mod", None)
            if inner is None and type(model).__name__ in ("DistributedDataParallel", "DataParallel"):
                inner = model.module
            if inner is None:
                return model
            model = inner

    def note_names(self):
        torch, names = self.torch, {}
        for path, module in self.inner.named_modules(remove_duplicate=False):
            names.setdefault(id(module), []).append(path.replace("_orig_mod.", "") or self.name)
        self.paths = {key: paths[0] for key, paths in names.items()}
        told = self.told = {layer for tie in self.ties for layer in tie}
        # A module that stands under several names is called by them in turn, if a tie names them.
        self.other_names = {p[0]: p for p in names.values() if len(p) > 1 and told & set(p[1:])}
        self.loss_layers = set()
        self.named = [
            (path.replace("_orig_mod.", ""), p)
            for path, p in self.inner.named_parameters(remove_duplicate=False)
        ]
        if isinstance(self.loss_function, torch.nn.Module):
            for path, module in self.loss_function.named_modules():
                if id(module) not in self.paths:
                    self.paths[id(module)] = "loss.%s" % path if path else "loss"
                    self.loss_layers.add(self.paths[id(module)])
            self.named += [("loss.%s" % path, p) for path, p in self.loss_function.named_parameters()]
        roots = [("", self.inner), ("loss", self.loss_function)]
        self.elsewhere = _reachable(torch, roots, set(self.paths) | {id(p) for _, p in self.named})

    def path_of(self, module):
        """What a module is called; None where what it computes belongs to whoever calls it."""
        path = self.paths.get(id(module))
        if path is None and next(module.parameters(), None) is not None:
            path = self.elsewhere.get(id(module), type(module).__name__.lower())
            self.paths[id(module)] = path
        if path is None or "parametrizations" in path.split(".") or module is self.model is not self.inner:
            return None
        return path

    def kind_of(self, layer):
        kinds = {path: type(module).__name__ for path, module in self.inner.named_modules(remove_duplicate=False)}
        return kinds.get(layer, "loss" if layer == "loss" or layer in self.loss_layers else "module")
