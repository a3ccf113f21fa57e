"""What no derivative shows in a Keras model, and whether it can be measured in Double."""

from .functions import _changes_itself
from .keras_watch import _KerasWatch
from .protocol import NotCheckable
from .torch_structure import _unregistered_fault
from .values import _same_arrays


class _KerasStructure:
    """Looks at the model before its gradient is asked for."""

    def note_strangers(self):
        """Trainable variables that the loss reads and the model does not list."""
        watch = _KerasWatch(self)
        watch.run(self.value)
        if watch.strangers:
            self.faults.append(_unregistered_fault([variable.path for variable in watch.strangers]))
            self.variables += watch.strangers

    def look_twice(self):
        """The same twice, and nothing changed."""
        every, seen = [], set()
        for variable in list(self.model.variables) + self.variables:
            if id(variable) not in seen:
                seen.add(id(variable))
                every.append((variable, self.array(variable)))
        first = self.number()
        changed = [(v, before) for v, before in every if not _same_arrays(self.array(v), before)]
        second = self.number()
        for variable, before in changed:
            variable.assign(before)
        if first != second and not (first != first and second != second):
            seeds = [v.path for v, _ in changed if "seed" in v.path]
            others = [v.path for v, _ in changed if "seed" not in v.path]
            if others and not seeds:
                self.faults.append(_changes_itself(others))
                return
            layers = self.drawing_layers(seeds) or seeds
            who = ", ".join(layers) + " draws" if layers else "something in it draws"
            raise NotCheckable(
                "asked twice at the same point, the loss is %.9g and %.9g: %s random numbers although training=False. "
                "Make what it draws depend on nothing but the parameters." % (first, second, who),
                draws=layers,
            )
        own = [v.path for v, _ in changed if any(v is other for other in self.variables)]
        if own:
            self.faults.append(_changes_itself(own))

    def note_double(self, description):
        if self.witness != "double":
            return
        own = self.loss()
        try:
            with self.in_double():
                wide = self.loss()
                self.loss_in_uses([(0, [])] if self.uses else [])
                if self.rounds():
                    raise ValueError("something in the model rounds to float32 all the same")
            if abs(wide - own) > 1e-2 * max(abs(own), abs(wide)):
                raise ValueError("it is %.9g there and %.9g in its own precision" % (wide, own))
            description["can"].append("double")
        except Exception as error:
            word = str(error).strip().split("\n")[0][:200]
            description["double_missing"] = "The loss cannot be computed in float64: %s: %s" % (type(error).__name__, word)

    def rounds(self):
        """Whether the loss in float64 is rough where parameters move by a millionth: its fourth difference then
        shows nothing but rounding."""
        for place, start in list(enumerate(self.start))[:8]:
            start = start.astype("float64")
            way = 1e-6 * (abs(start) + 0.1 * (abs(start).max() or 1.0))
            losses = []
            for step in (-2, -1, 0, 1, 2):
                self.put(place, start + step * way)
                losses.append(self.loss())
            self.put(place, start)
            a, b, c, d, e = losses
            if abs(a - 4 * b + 6 * c - 4 * d + e) > 1e-12 * abs(c):
                return True
        return False
