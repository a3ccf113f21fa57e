"""By which rule an optax optimizer steps, read from the transformations that it is a chain of."""


def _optax_parts(transformation):
    """(name, options) of the elementary transformations, in their order; options are what their functions hold."""
    found, open_functions = [], [transformation.update]
    while open_functions:
        function = open_functions.pop(0)
        name = getattr(function, "__qualname__", "?").split(".")[0]
        cells = zip(getattr(function, "__code__", None) and function.__code__.co_freevars or (), function.__closure__ or ())
        held = {}
        for word, cell in cells:
            try:
                held[word] = cell.cell_contents
            except ValueError:
                pass
        if name == "chain" and "update_fns" in held:
            open_functions = list(held["update_fns"]) + open_functions
        elif name == "with_extra_args_support" and "tx" in held:
            open_functions = [held["tx"].update] + open_functions
        elif name != "identity":
            found.append((name, held))
    return found


def _optax_rule(name, transformation, names, frozen):
    """What is said of an optimizer that trains all parameters."""
    entry = {"name": name, "rule": "optax", "holds": list(names), "frozen": list(frozen)}
    try:
        parts = _optax_parts(transformation)
    except Exception:
        parts = [("a function that cannot be read", {})]
    unknown, seen = [], []
    for part, held in parts:
        seen.append(part)
        words = _optax_words(part, held, seen)
        if words is None or any(callable(value) for value in words.values()):
            unknown.append(part)
        else:
            entry.update(words)
    if "learning_rate" not in entry:
        unknown.append("no learning rate that is a number")
    if entry["rule"] == "optax":
        entry["rule"] = "sgd"
    if unknown:
        entry["not_compared"] = "%s is not compared with a reference: %s." % (name, "; ".join(dict.fromkeys(unknown)))
    return entry


def _optax_words(part, held, seen):
    """A transformation in the reference's words; None for one that it does not know in this place."""
    scaled = any(other.startswith("scale_by_") or other in ("trace", "scale") for other in seen[:-1])
    if part == "scale":
        return {"learning_rate": -float(held["step_size"])} if "scale" not in seen[:-1] else None
    if part == "trace" and not scaled and not held.get("accumulator_dtype"):
        return {"rule": "sgd", "momentum": float(held["decay"]), "nesterov": bool(held["nesterov"])}
    if part == "scale_by_adam" and not scaled and not held.get("nesterov") and not held.get("eps_root"):
        return {
            "rule": "adamw" if "add_decayed_weights" in seen else "adam",
            "beta1": float(held["b1"]),
            "beta2": float(held["b2"]),
            "stabilizer": float(held["eps"]),
        } if "add_decayed_weights" not in seen else None
    if part == "scale_by_rms" and not scaled and not held.get("bias_correction") and not held.get("initial_scale"):
        place = "inside" if held.get("eps_in_sqrt") else "root"
        return {"rule": "rmsprop", "smoothing": float(held["decay"]), "stabilizer": float(held["eps"]), "stabilizer_place": place}
    if part == "add_decayed_weights" and not held.get("mask"):
        decay = {"weight_decay": float(held["weight_decay"])}
        if "scale_by_adam" in seen:
            return dict(decay, rule="adamw", decoupled=True)
        return decay if not scaled else None
    if part == "clip_by_global_norm" and len(seen) == 1:
        return {"clip": {"norm": float(held["max_norm"])}}
    if part == "clip" and len(seen) == 1:
        return {"clip": {"value": float(held["max_delta"])}}
    return None
