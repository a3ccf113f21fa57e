"""Watching a Keras model run: which layer's call reads which variable."""

import contextlib


class _KerasWatch:
    """Runs `body` while every reading of a variable is seen. Its use is the layer whose call is running: the
    outermost one below the models, or an inner one if a tie names it.

    substitute   what a use reads in the place of the variable; None leaves it alone
    """

    # What penalties that Keras computes after the model has run are called.
    term = "loss"

    def __init__(self, owner, substitute=None):
        self.owner, self.keras, self.substitute = owner, owner.keras, substitute
        self.stack, self.calls = [], {}
        # (layer, call, variable) of each use; variables that the model does not own; by what a place is found.
        self.uses, self.strangers = [], []
        self.places = {id(variable): place for place, variable in enumerate(owner.variables)}

    def layer(self):
        """The layer that a reading belongs to, and which of its calls."""
        if not self.stack:
            return (self.term if self.owner.is_penalty else self.owner.name), 1
        named = [frame for frame in self.stack if frame[0] in self.owner.told]
        return named[-1] if named else self.stack[0]

    def read(self, variable, value):
        place = self.places.get(id(variable))
        if place is None:
            if variable.trainable and not any(variable is other for other in self.strangers):
                self.strangers.append(variable)
            return value
        key = (*self.layer(), place)
        if key not in self.uses:
            self.uses.append(key)
        other = self.substitute(self.uses.index(key), key) if self.substitute else None
        if other is None:
            return value
        # A layer of mixed precision reads its variable in its own kind of number.
        kind = self.keras.backend.standardize_dtype(value.dtype)
        return other if self.keras.backend.standardize_dtype(other.dtype) == kind else self.keras.ops.cast(other, kind)

    def watched(self, layer):
        call, name = layer.call, self.owner.layer_name(layer)

        def run(*args, **kwargs):
            self.calls[name] = self.calls.get(name, 0) + 1
            self.stack.append((name, self.calls[name]))
            try:
                return call(*args, **kwargs)
            finally:
                self.stack.pop()

        return run

    def run(self, body):
        with contextlib.ExitStack() as stack:
            for layer in self.owner.layers:
                object.__setattr__(layer, "call", self.watched(layer))
                stack.callback(object.__delattr__, layer, "call")
            stack.enter_context(_read_through(self.keras, self.read))
            return body()


@contextlib.contextmanager
def _read_through(keras, read):
    """Every value of a variable passes through read(variable, value)."""
    kind = keras.Variable
    has_own, original = "value" in vars(kind), kind.value
    inside = []

    def value(variable):
        found = original.fget(variable)
        if inside:  # what reading itself reads
            return found
        inside.append(True)
        try:
            return read(variable, found)
        finally:
            inside.pop()

    kind.value = property(value)
    try:
        yield
    finally:
        if has_own:
            kind.value = original
        else:
            del kind.value
