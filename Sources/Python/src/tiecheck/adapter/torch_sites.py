"""From what a trace saw to uses: a *site* is what one use of a layer reads, and what must be replaced there."""


class _Site:
    """One use of one or several parameters by a layer."""

    def __init__(self, scope, nodes, readings):
        self.scope, self.readings = scope, list(readings)
        self.memories = sorted({memory for node in nodes for memory in node.memories()})
        self.layer, self.call = (scope[-1][1], scope[-1][2]) if scope else (None, 1)
        self.first = min((reading.order for reading in readings), default=float("inf"))
        self.turned = readings[0].turned if readings else False
        # The result itself, where the loss is made of parameters alone.
        self.end = nodes[0].number if not readings else None

    def points(self):
        return {(reading.key, reading.node.number) for reading in self.readings}

    def node_numbers(self):
        return {reading.node.number for reading in self.readings} | ({self.end} - {None})

    def kind(self):
        """What a second site must have the same of to be the same use in another run."""
        return self.layer, self.call, tuple(self.memories)


# More uses than these of one parameter in one layer, such as the steps of a long loop, are one use.
_most_uses = 12


def _sites(torch, trace, result):
    """The sites of a trace, in the order of their first reading."""
    groups = {}
    for reading in trace.readings:
        if reading.is_settled:
            key = (reading.node.scope, reading.node.number, "made")
        else:
            key = (reading.scope, reading.node.number, "read")
        groups.setdefault(key, []).append(reading)
    sites = []
    for (scope, _, how), readings in groups.items():
        parts = [readings] if how == "made" else _apart(torch, readings)
        sites += [_Site(scope, [part[0].node], part) for part in parts]
    node = trace.live.get(trace.memories.pointer(result))
    if node is not None:
        sites.append(_Site(node.scope, [node], []))
    sites = _joined(sites)
    sites.sort(key=lambda site: site.first)
    return sites


def _apart(torch, readings):
    """One call that reads several slices of a parameter, none of them twice, uses it once. One that reads the
    same elements twice uses it twice."""
    if len(readings) == 1:
        return [readings]
    parts = []
    for reading in readings:
        places = _places(torch, *reading.view)
        for part, taken in parts:
            if taken.isdisjoint(places):
                part.append(reading)
                taken |= places
                break
        else:
            parts.append(([reading], places))
    return [part for part, _ in parts]


def _places(torch, size, stride, offset):
    count = 1
    for n in size:
        count *= n
    if count > 200_000:  # of a large one the whole is taken
        return {-1}
    at = torch.tensor(offset)
    for n, s in zip(size, stride):
        at = at.unsqueeze(-1) + torch.arange(n) * s
    return set(at.reshape(-1).tolist())


def _joined(sites):
    """Many sites of one layer with the same parameters as one."""
    alike = {}
    for site in sites:
        alike.setdefault((site.layer, tuple(site.memories)), []).append(site)
    joined = []
    for group in alike.values():
        if len(group) > _most_uses and all(site.end is None for site in group):
            first = group[0]
            first.readings = [reading for site in group for reading in site.readings]
            group = [first]
        joined += group
    return joined


class _Plan:
    """What a replay does at which operation."""

    def __init__(self, trace, sites):
        self.sites = sites
        self.has_inner_gradient, self.ones = trace.has_inner_gradient, trace.ones
        nodes = trace.nodes
        # For each site: the computed nodes that lead to what it reads.
        self.needs = []
        for site in sites:
            needed, open_nodes = set(), [nodes[number] for number in site.node_numbers()]
            while open_nodes:
                node = open_nodes.pop()
                if node.scope is not None and node.number not in needed:
                    needed.add(node.number)
                    open_nodes.extend(node.parents)
            self.needs.append(needed)
        wanted = set().union(*self.needs) if self.needs else set()
        self.derived = {
            key: [(place, node) for place, node in made if node in wanted]
            for key, made in trace.derived.items()
            if any(node in wanted for _, node in made)
        }
        self.note_padding(trace)
        self.points = {}
        for index, site in enumerate(sites):
            for key, node in site.points():
                self.points.setdefault(key, []).append((node, index))
        self.at = set(self.points) | set(self.derived)

    def note_padding(self, trace):
        """For each site, the (memory, row) pairs that it looks up and does not train."""
        for site, needed in zip(self.sites, self.needs):
            keys = {reading.key for reading in site.readings}
            keys |= {key for key, made in trace.derived.items() if any(node in needed for _, node in made)}
            site.padding = {trace.padding[key] for key in keys if key in trace.padding}
