"""The uses of parameters in a JAX loss, found in its jaxpr: the list of operations that JAX makes of it.

As in PyTorch, what is computed from parameters and constants alone is followed to the operation where it meets
the data. There each use reads a copy of the parameter of its own.
"""

import re


class _JaxNode:
    """A value that is made of parameters and constants alone, as an instruction."""

    def __init__(self, evaluate, leaves, scope, turned, shape):
        self.evaluate, self.leaves, self.scope, self.turned, self.shape = evaluate, leaves, scope, turned, shape


class _JaxConstant:
    def __init__(self, value):
        self.value = value


class _JaxRun:
    """Evaluates a jaxpr. Each use reads own(use, leaf); a use is (layer, leaf, turned), in the order of its
    reading."""

    def __init__(self, jax, own, layer_of):
        self.jax, self.own, self.layer_of, self.uses = jax, own, layer_of, []
        from jax.extend import core

        self.Literal = core.Literal

    def loss(self, closed, leaves, batch):
        nodes = [
            _JaxNode(lambda read, i=i: read(i), {i}, None, False, tuple(leaf.shape)) for i, leaf in enumerate(leaves)
        ]
        result = self.run(closed.jaxpr, [self.held(c) for c in closed.consts], nodes + list(batch), ())[0]
        return self.read(result, (), None, 0)

    def held(self, constant):
        """Numbers of the program are constants; arrays that it holds may be its data."""
        return _JaxConstant(constant) if getattr(constant, "ndim", 0) == 0 else constant

    def run(self, jaxpr, constants, arguments, outer):
        known = dict(zip(list(jaxpr.constvars) + list(jaxpr.invars), list(constants) + list(arguments)))
        get = lambda v: _JaxConstant(v.val) if isinstance(v, self.Literal) else known[v]
        for equation in jaxpr.eqns:
            scope = outer + self.scope(equation)
            found = [get(v) for v in equation.invars]
            inner = equation.params.get("jaxpr") if equation.primitive.name in ("pjit", "jit", "closed_call") else None
            if inner is not None:
                outs = self.run(inner.jaxpr, [self.held(c) for c in inner.consts], found, scope)
            else:
                outs = self.outcome(equation, found, scope)
            known.update(zip(equation.outvars, outs))
        return [get(v) for v in jaxpr.outvars]

    def scope(self, equation):
        """The names of jax.named_scope, such as Flax gives to its modules."""
        parts = str(equation.source_info.name_stack).split("/")
        return tuple(re.sub(r"^\w+\((.*)\)$", r"\1", part) for part in parts if part)

    def outcome(self, equation, found, scope):
        nodes = [value for value in found if isinstance(value, _JaxNode)]
        if not nodes:
            outs = self.bound(equation, [v.value if isinstance(v, _JaxConstant) else v for v in found])
            if all(isinstance(v, _JaxConstant) for v in found):
                return [_JaxConstant(out) for out in outs]
            return outs
        settled = any(node.scope is not None and _is_output(node.scope, scope) for node in nodes)
        if not settled and all(isinstance(v, (_JaxNode, _JaxConstant)) for v in found):
            return self.derived(equation, found, nodes, scope)
        values = [self.read(value, scope, equation, place) for place, value in enumerate(found)]
        return self.bound(equation, values)

    def bound(self, equation, values):
        # JAX before 0.8 also gives the functions within.
        told = equation.primitive.get_bind_params(equation.params)
        functions, params = told if isinstance(told, tuple) else ((), told)
        outs = equation.primitive.bind(*functions, *values, **params)
        return outs if equation.primitive.multiple_results else [outs]

    def derived(self, equation, found, nodes, scope):
        def evaluate(place):
            def value(read):
                plain = [v.evaluate(read) if isinstance(v, _JaxNode) else v.value for v in found]
                return self.bound(equation, plain)[place]

            return value

        leaves = set().union(*(node.leaves for node in nodes))
        shape = lambda v: tuple(v.aval.shape)
        is_flip = equation.primitive.name == "transpose" and tuple(equation.params["permutation"]) == (1, 0)
        return [
            _JaxNode(evaluate(i), leaves, scope, nodes[0].turned ^ is_flip, shape(v))
            for i, v in enumerate(equation.outvars)
        ]

    def read(self, value, scope, equation, place):
        """What an operation reads: of a node, the value made of this use's own copies."""
        if isinstance(value, _JaxConstant):
            return value.value
        if not isinstance(value, _JaxNode):
            return value
        turned = value.turned ^ _reads_turned(equation, place)
        if value.scope is not None and _is_output(value.scope, scope):
            scope = value.scope
        places = {}
        for leaf in sorted(value.leaves):
            places[leaf] = len(self.uses)
            self.uses.append((self.layer_of(scope, leaf), leaf, turned))
        return value.evaluate(lambda leaf: self.own(places[leaf], leaf))


def _is_output(inner, outer):
    """Whether what a scope made is read by one that it lies in."""
    return len(outer) < len(inner) and inner[: len(outer)] == outer


def _reads_turned(equation, place):
    """Whether an operation sums over a matrix's last index, as x W^T does, and not over its first, as x W."""
    if equation is None or equation.primitive.name != "dot_general":
        return False
    contracted = equation.params["dimension_numbers"][0][place]
    return tuple(contracted) == (1,)
