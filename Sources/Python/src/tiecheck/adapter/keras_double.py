"""The same Keras model computed in float64 at the very numbers of its float32 variables."""

import contextlib

from .keras_watch import _read_through


class _KerasDouble:
    def __init__(self, owner):
        self.owner, self.keras, self.engine = owner, owner.keras, owner.engine
        self.values = {}

    @contextlib.contextmanager
    def on(self):
        """While this holds, every variable has float64 values, every layer the policy float64, and casts to
        float32 are casts to float64. `values` holds the checked variables' numbers."""
        from keras.src.backend.common import dtypes

        keras = self.keras
        policy = keras.dtype_policies.DTypePolicy("float64")
        floatx = keras.config.floatx()
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.engine.is_wide())
            for layer in self.owner.every_layer():
                stack.callback(object.__setattr__, layer, "_dtype_policy", layer._dtype_policy)
                object.__setattr__(layer, "_dtype_policy", policy)
            loss = self.owner.loss_function
            if hasattr(loss, "_dtype"):
                stack.callback(setattr, loss, "_dtype", loss._dtype)
                loss._dtype = "float64"
            # Away from TensorFlow, Keras takes float64 for float32 wherever kinds of numbers meet.
            kinds = dtypes.BIT64_TO_BIT32_DTYPE
            stack.callback(kinds.__setitem__, "float64", kinds["float64"])
            kinds["float64"] = "float64"
            keras.config.set_floatx("float64")
            stack.callback(keras.config.set_floatx, floatx)
            for holder, name in self.engine.wide_casts() + self.casts():
                stack.enter_context(_wide_cast(holder, name))
            self.values = {id(variable): None for variable in self.owner.variables}
            stack.callback(self.values.clear)
            for variable, start in zip(self.owner.variables, self.owner.start):
                self.put(variable, start)
            self.fixed = {}
            self.owner.is_double = True
            stack.callback(setattr, self.owner, "is_double", False)
            stack.enter_context(_read_through(keras, self.read))
            yield

    def put(self, variable, array):
        self.values[id(variable)] = self.engine.tensor(array.astype("float64"))

    def casts(self):
        import keras.src.backend as backend
        import keras.src.ops as ops

        holders = self.keras.ops, backend, ops
        return [(holder, name) for holder in holders for name in ("cast", "convert_to_tensor")]

    def read(self, variable, value):
        found = self.values.get(id(variable))
        if found is not None:
            return found
        if not self.keras.backend.is_float_dtype(variable.dtype):
            return value
        if id(variable) not in self.fixed:
            self.fixed[id(variable)] = self.engine.tensor(self.engine.numpy(value).astype("float64"))
        return self.fixed[id(variable)]


@contextlib.contextmanager
def _wide_cast(holder, name):
    """A cast to a narrower kind of number is one to float64."""
    original = getattr(holder, name)

    def cast(x, dtype=None, *rest, **more):
        word = getattr(dtype, "name", str(dtype)).split(".")[-1]
        return original(x, "float64" if word in ("float32", "float16", "bfloat16") else dtype, *rest, **more)

    setattr(holder, name, cast)
    try:
        yield
    finally:
        setattr(holder, name, original)
