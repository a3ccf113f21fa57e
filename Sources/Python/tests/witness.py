"""A small witness for tests: what a checker would ask, in this very process."""

import json
import random

from tiecheck.adapter.protocol import answer_line


class Asked:
    """A model's adapter, asked through the protocol's lines."""

    def __init__(self, model):
        self.model = model
        self.told = self.ask("describe")

    def ask(self, what, **words):
        return json.loads(answer_line(self.model, json.dumps(dict(words, ask=what, id=1))))

    def use_names(self):
        return [
            (use["layer"], use.get("slot"), self.told["parameters"][use["parameter"]]["name"], use["transposed"])
            for use in self.told.get("uses", [])
        ]

    def layers_of(self, parameter):
        return [layer for layer, _, name, _ in self.use_names() if name == parameter]

    def words(self, key):
        return [entry.get("id") or entry.get("about") for entry in self.told.get(key, [])]

    def slope(self, direction, step, use=None, double=True):
        """The loss's derivative along changes of parameters, for one use alone if it is given."""
        points = []
        for factor in (step, -step):
            changes = [
                {"parameter": p, "to": [x + factor * d for x, d in zip(self.told["parameters"][p]["values"], way)]}
                for p, way in direction.items()
            ]
            points.append({"set": changes} if use is None else {"in_use": {"use": use, "set": changes}})
        words = {"witness": "double"} if double and "double" in self.told["can"] else {}
        answer = self.ask("losses", points=points, **words)
        above, below = answer["losses"]
        return (above - below) / (2 * step)

    def differences(self, step=1e-5, seed=1):
        """For the whole gradient, by parameter, and by use: (claimed, measured) along a random direction."""
        chance = random.Random(seed)
        answer = self.ask("gradient", by_use="gradient_by_use" in self.told["can"])
        assert "error" not in answer, answer["error"]
        whole, by_use = [], []
        for p, entry in enumerate(self.told["parameters"]):
            way = [chance.choice((-1, 1)) * chance.uniform(0.5, 1.5) for _ in entry["values"]]
            whole.append((_along(answer["gradient"][p], way), self.slope({p: way}, step)))
        for u, use in enumerate(self.told["uses"] if "use" in self.told["can"] else []):
            p = use["parameter"]
            way = [chance.choice((-1, 1)) * chance.uniform(0.5, 1.5) for _ in self.told["parameters"][p]["values"]]
            claim = _along(answer["by_use"][u], way) if "by_use" in answer else None
            by_use.append((claim, self.slope({p: way}, step, use=u)))
        return whole, by_use

    def assert_right(self, tolerance=1e-5):
        assert "error" not in self.told, self.told["error"]
        whole, by_use = self.differences()
        names = [entry["name"] for entry in self.told["parameters"]]
        for name, (claimed, measured) in zip(names, whole):
            assert close(claimed, measured, tolerance), "%s: claimed %r, measured %r" % (name, claimed, measured)
        for use, (claimed, measured) in zip(self.use_names(), by_use):
            assert claimed is None or close(claimed, measured, tolerance), "%s: claimed %r, measured %r" % (
                use,
                claimed,
                measured,
            )
        self.assert_paths_add_up(tolerance)
        return self

    def assert_paths_add_up(self, tolerance=1e-5):
        """The paths, measured along one direction, add up to the whole derivative along it."""
        chance = random.Random(5)
        uses = [use["parameter"] for use in self.told["uses"]] if "use" in self.told["can"] else []
        for p in sorted(set(uses)):
            way = [chance.uniform(-1.5, 1.5) for _ in self.told["parameters"][p]["values"]]
            parts = [self.slope({p: way}, 1e-5, use=u) for u, other in enumerate(uses) if other == p]
            whole = self.slope({p: way}, 1e-5)
            assert close(sum(parts), whole, tolerance, sum(map(abs, parts))), (
                self.told["parameters"][p]["name"], parts, whole)


def _along(gradient, way):
    return 0.0 if gradient is None else sum(g * d for g, d in zip(gradient, way))


def close(a, b, tolerance, size=0.0):
    return abs(a - b) <= tolerance * max(abs(a), abs(b), size, 1e-4 if tolerance < 1e-4 else 1e-2)
