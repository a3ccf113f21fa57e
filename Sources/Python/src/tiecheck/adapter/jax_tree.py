"""A pytree of JAX: which of its leaves are parameters, and what they are called."""

import inspect

from .protocol import NotCheckable


class _JaxTree:
    """Takes params apart and puts them together again."""

    def take_apart(self, params):
        """The leaves that are arrays of real numbers are the parameters; the others stay as they are."""
        jax = self.jax
        self.merge = lambda tree: tree
        if any(kind.__module__.startswith("flax.nnx") and kind.__name__ == "Module" for kind in type(params).__mro__):
            params = self.split(params)
        with_paths, self.tree = jax.tree_util.tree_flatten_with_path(params)
        self.every = [leaf for _, leaf in with_paths]
        self.places = [i for i, leaf in enumerate(self.every) if self.is_parameter(leaf)]
        if not self.places:
            raise NotCheckable("params holds no array of float32 or float64")
        self.names = self.unique([self.path(with_paths[i][0]) for i in self.places])
        self.arrays = [self.numpy.array(self.every[i]) for i in self.places]
        for name, array in zip(self.names, self.arrays):
            if str(array.dtype) not in ("float32", "float64"):
                raise NotCheckable("%s is of %s; expected float32 or float64" % (name, array.dtype))
        self.start = [array.copy() for array in self.arrays]

    def split(self, model):
        from flax import nnx

        graph, params, rest = nnx.split(model, nnx.Param, ...)
        self.merge = lambda tree: nnx.merge(graph, tree, rest)
        return params

    def is_parameter(self, leaf):
        return hasattr(leaf, "dtype") and hasattr(leaf, "shape") and self.jax.numpy.issubdtype(leaf.dtype, self.jax.numpy.floating)

    def path(self, keys):
        words = [str(getattr(k, "key", getattr(k, "name", getattr(k, "idx", k)))) for k in keys]
        return ".".join(word for word in words if word not in ("params", "value")) or "params"

    def unique(self, names):
        return [n if names.count(n) == 1 else "%s-%d" % (n, names[: i + 1].count(n)) for i, n in enumerate(names)]

    def whole(self, leaves):
        """The pytree with these arrays as its parameters."""
        every = list(self.every)
        for place, leaf in zip(self.places, leaves):
            every[place] = leaf
        return self.merge(self.jax.tree_util.tree_unflatten(self.tree, every))

    def called(self, function, leaves, batch):
        params = self.whole(leaves)
        if self.batch is None:
            return function(params)
        if isinstance(self.batch, tuple) and not self.takes_one_batch(function):
            return function(params, *batch)
        return function(params, batch)

    def takes_one_batch(self, function):
        try:
            kinds = inspect.Parameter
            needed = [
                p
                for p in inspect.signature(function).parameters.values()
                if p.default is p.empty and p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
            ]
        except (TypeError, ValueError):
            return True
        return len(needed) == 2
