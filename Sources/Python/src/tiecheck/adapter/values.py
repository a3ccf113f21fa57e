"""Parameters of plain functions: nested lists, NumPy arrays, and arrays of other libraries."""

import hashlib
import sys


class _Lists:
    """Nested lists of numbers as one list, and back."""

    def __init__(self, value):
        self.shape = []
        inner = value
        while isinstance(inner, (list, tuple)):
            self.shape.append(len(inner))
            inner = inner[0] if len(inner) else None
        self.flat = [float(x) for x in self.flatten(value)]
        self.precision = "double"

    @classmethod
    def flatten(cls, value):
        if isinstance(value, (list, tuple)):
            return [x for item in value for x in cls.flatten(item)]
        return [float(value)]

    def value(self):
        def nested(flat, shape):
            if not shape:
                return flat[0]
            if len(shape) == 1:
                return list(flat)
            size = len(flat) // shape[0]
            return [nested(flat[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]

        return nested(self.flat, self.shape)

    def put(self, at, to):
        if at is None:
            self.flat[:] = to
        else:
            for i, x in zip(at, to):
                self.flat[i] = x

    def copy(self):
        return _Lists(self.value())

    def in_double(self):
        return self.copy()

    def tolist(self):
        return list(self.flat)


class _Array:
    """A NumPy array of one's own. A function sees it as the kind of array that the user gave."""

    def __init__(self, array, made=None):
        if str(array.dtype) not in ("float32", "float64"):
            raise TypeError("a parameter is an array of %s; expected float32 or float64" % array.dtype)
        self.made = made
        self.array = array.copy(order="C")
        self.flat = self.array.reshape(-1)
        self.shape = list(array.shape)
        self.precision = "float" if str(array.dtype) == "float32" else "double"

    def value(self):
        return self.made(self.array) if self.made else self.array

    def put(self, at, to):
        if at is None:
            self.flat[:] = to
        elif len(at) == 1:
            self.flat[at[0]] = to[0]
        else:
            self.flat[at] = to

    def copy(self):
        return _Array(self.array, self.made)

    def in_double(self):
        return _Array(self.array.astype("float64"), self.made)

    def tolist(self):
        return self.flat.tolist()


def _holder(value):
    """What holds a parameter, by the kind of value that the user gave."""
    if not hasattr(value, "dtype"):
        return _Lists(value)
    library = type(value).__module__.split(".")[0]
    if library == "numpy":
        return _Array(value)
    import numpy

    if library == "torch":
        torch = sys.modules["torch"]
        return _Array(value.detach().cpu().numpy(), lambda array: torch.from_numpy(array.copy()))
    if library in ("jax", "jaxlib"):
        jax = sys.modules["jax"]
        return _Array(numpy.asarray(value), lambda array: jax.numpy.array(array))
    if library == "tensorflow":
        tensorflow = sys.modules["tensorflow"]
        return _Array(numpy.asarray(value), lambda array: tensorflow.constant(array))
    return _Array(numpy.asarray(value))


def _flat(value):
    """Numbers of a gradient in row order, whatever holds them."""
    if isinstance(value, (list, tuple)):
        return _Lists.flatten(value)
    for away in ("detach", "to_dense", "cpu"):
        if type(value).__module__.split(".")[0] == "torch":
            value = getattr(value, away)()
    if hasattr(value, "numpy") and not hasattr(value, "reshape"):
        value = value.numpy()
    return value.reshape(-1).tolist() if hasattr(value, "reshape") else _Lists.flatten(value)


def _equal_values(named):
    """Remarks on parameters in separate memory with equal values, turned or not.

    named   (name, digest of the rows, digest of the columns or None) for each; constant ones, such as biases of zero,
            are left out by whoever calls: they start equal in every network
    """
    places, sets = {}, []
    for name, rows, columns in named:
        found = places.get(rows, places.get(columns) if columns is not None else None)
        if found is None:
            places[rows] = len(sets)
            sets.append([name])
        else:
            sets[found].append(name)
    sets = [names for names in sets if len(names) > 1]
    if not sets:
        return []
    told = "; ".join(" and ".join(names) for names in sets[:4])
    more = " (and %d more sets)" % (len(sets) - 4) if len(sets) > 4 else ""
    return [
        {
            "about": "equal-values",
            "parameters": [name for names in sets for name in names],
            "sentence": "%s%s start with equal values and stand in separate memory. They are copies, not a tie: "
            "the first update moves them apart. If they are meant to be one parameter, let both layers hold the "
            "same object." % (told, more),
        }
    ]


def _array_keys(name, array):
    """What `_equal_values` takes of a NumPy array; None for a constant one."""
    if array.size < 2 or (array == array.reshape(-1)[0]).all():
        return None
    told = lambda shape, array: hashlib.sha256(repr(tuple(shape)).encode() + array.tobytes()).digest()
    columns = told(array.shape[::-1], array.T) if array.ndim == 2 else None
    return name, told(array.shape, array), columns


def _same_arrays(a, b):
    """Whether two arrays hold the same bits."""
    return a.tobytes() == b.tobytes()


def _note_findings(description, faults, remarks):
    """Adds faults and remarks to a description. What they name besides parameters of it, such as buffers, stands
    in "tensors"."""
    own = {entry["name"] for entry in description["parameters"]}
    for word, entries in (("faults", faults), ("remarks", remarks)):
        told = []
        for entry in entries:
            names = [name for name in entry["parameters"] if name in own]
            others = [name for name in entry["parameters"] if name not in own]
            told.append(dict(entry, parameters=names, **({"tensors": others} if others else {})))
        if told:
            description[word] = told
