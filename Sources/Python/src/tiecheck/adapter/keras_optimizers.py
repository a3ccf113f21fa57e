"""By which rule Keras optimizers step, and what of it the reference does not know."""

_keras_words = (
    ("momentum", "momentum"),
    ("nesterov", "nesterov"),
    ("rho", "smoothing"),
    ("beta_1", "beta1"),
    ("beta_2", "beta2"),
    ("epsilon", "stabilizer"),
)
_keras_rules = {"SGD": "sgd", "RMSprop": "rmsprop", "Adam": "adam", "AdamW": "adamw"}


def _keras_base(keras, optimizer):
    """The class of keras.optimizers that an optimizer is or is made from."""
    for kind in type(optimizer).__mro__:
        if kind.__module__.startswith("keras.") and kind is not keras.optimizers.Optimizer:
            return kind.__name__
    return type(optimizer).__name__


def _keras_rule(keras, name, optimizer, variables, names, frozen):
    """What is said of an optimizer that trains these variables."""
    if not optimizer.built:
        optimizer.build(variables)
    base = _keras_base(keras, optimizer)
    entry = {
        "name": name,
        "rule": _keras_rules.get(base, base.lower()),
        "holds": list(names),
        "frozen": list(frozen),
        # Keras keeps its rates in float32, whatever the model's precision.
        "precision": "float",
    }
    unknown = [] if base in _keras_rules else ["%s has no reference" % base]
    try:
        entry["learning_rate"] = float(optimizer.learning_rate)
        if not isinstance(optimizer._learning_rate, keras.Variable):
            unknown.append("its learning rate follows a schedule")
    except Exception:
        unknown.append("its learning rate is not a number")
    for theirs, ours in _keras_words:
        value = getattr(optimizer, theirs, None)
        if value is not None:
            entry[ours] = value if isinstance(value, bool) else float(value)
    adam = entry["rule"] in ("adam", "adamw")
    entry["stabilizer_place"] = "inside" if entry["rule"] == "rmsprop" else "uncorrected" if adam else "root"
    if getattr(optimizer, "amsgrad", False):
        unknown.append("amsgrad=True, whose stabilizer Keras adds elsewhere")
    if entry["rule"] == "rmsprop":
        unknown += ["%s=%s" % (word, getattr(optimizer, word)) for word in ("momentum", "centered") if getattr(optimizer, word, 0)]
    unknown += _decay(entry, optimizer, variables, names)
    unknown += _clip(entry, optimizer)
    if getattr(optimizer, "use_ema", False):
        unknown.append("use_ema=True")
    if getattr(optimizer, "gradient_accumulation_steps", None):
        unknown.append("gradient_accumulation_steps=%s" % optimizer.gradient_accumulation_steps)
    if getattr(optimizer, "loss_scale_factor", None):
        unknown.append("loss_scale_factor=%s" % optimizer.loss_scale_factor)
    bound = [name for name, v in zip(names, variables) if getattr(v, "constraint", None) is not None]
    if bound:
        unknown.append("%s %s a constraint, which is applied after each step" % (", ".join(bound), "has" if len(bound) == 1 else "have"))
    if unknown:
        entry["not_compared"] = "%s is not compared with a reference: %s." % (name, "; ".join(unknown))
    return entry


def _decay(entry, optimizer, variables, names):
    """In Keras every weight decay is decoupled, and variables can be excluded from it."""
    decay = getattr(optimizer, "weight_decay", None)
    if not decay:
        return []
    if entry["rule"] in ("adam", "adamw"):
        entry["rule"], entry["decoupled"] = "adamw", True
    elif entry["rule"] != "sgd" or entry.get("momentum"):
        return ["weight_decay=%s, which Keras applies apart from the gradient" % decay]
    entry["weight_decay"] = float(decay)
    decayed = [bool(optimizer._use_weight_decay(variable)) for variable in variables]
    if not all(decayed):
        skipped = ("name", "holds", "frozen", "precision")
        options = {key: value for key, value in entry.items() if key not in skipped}
        entry["groups"] = [
            dict(options, parameters=[n for n, d in zip(names, decayed) if d == is_decayed], weight_decay=amount)
            for is_decayed, amount in ((True, float(decay)), (False, 0.0))
            if is_decayed in decayed
        ]
    return []


def _clip(entry, optimizer):
    if getattr(optimizer, "global_clipnorm", None):
        entry["clip"] = {"norm": float(optimizer.global_clipnorm)}
    elif getattr(optimizer, "clipvalue", None):
        entry["clip"] = {"value": float(optimizer.clipvalue)}
    elif getattr(optimizer, "clipnorm", None):
        return ["clipnorm=%s, which clips each variable by itself" % optimizer.clipnorm]
    return []
