"""The layers of a Keras model and what they are called."""

from .keras_watch import _KerasWatch


class _KerasLayers:
    """Layers, their names, and the uses as they are told."""

    def every_layer(self):
        return self.model._flatten_layers(include_self=True, recursive=True)

    def find_layers(self):
        """The layers that can be a use: those of the model and of the models in it, and inner ones that a tie
        names."""
        found = []

        def look(model):
            for layer in model.layers:
                if isinstance(layer, self.keras.Model):
                    look(layer)
                elif not any(layer is other for other in found):
                    found.append(layer)

        look(self.model)
        for layer in self.every_layer():
            is_named = layer.name in self.told or layer.path in self.told
            if is_named and layer is not self.model and not any(layer is other for other in found):
                found.append(layer)
        names = [layer.name for layer in found]
        self.named_layers = {
            id(layer): layer.path if names.count(layer.name) > 1 or layer.path in self.told else layer.name
            for layer in found
        }
        self.layers = found

    def layer_name(self, layer):
        return self.named_layers[id(layer)]

    def unique_names(self):
        names = []
        for variable in self.variables:
            name, number = variable.path, 2
            while name in names:
                name, number = "%s-%d" % (variable.path, number), number + 1
            names.append(name)
        return names

    def drawing_layers(self, seeds):
        """The layers whose seeds have these paths."""
        owns = lambda layer: [s.state.path for s in getattr(layer, "_seed_generators", [])]
        layers = [layer for layer in self.every_layer() if layer is not self.model]
        return [layer.name for layer in layers if any(path in seeds for path in owns(layer))]

    def described_uses(self):
        layers = {self.layer_name(layer): layer for layer in self.layers}
        repeated = {(layer, place) for layer, call, place in self.uses if call > 1}
        first, uses = {}, []
        for layer, call, place in self.uses:
            use = {"layer": layer, "parameter": place, "transposed": False}
            if (layer, place) in repeated:
                use["slot"] = "call %d" % call
            if layer == _KerasWatch.term and layer not in layers:
                use["loss_term"] = True
            first.setdefault(place, layer)
            kernel = self.variables[place]
            if len(kernel.shape) == 2 and layer != first[place] and layer in layers:
                use["transposed"] = self.is_turned(layers[layer], kernel)
            name = self.names[place]
            if self.intended & {layer, name, (layer, name)}:
                use["intended"] = True
            uses.append(use)
        return uses

    def described_layers(self, uses):
        layers, told = {self.layer_name(layer): layer for layer in self.layers}, []
        for name in dict.fromkeys(use["layer"] for use in uses):
            is_term = name == _KerasWatch.term and name not in layers
            entry = {"name": name, "type": "loss" if is_term else type(layers.get(name, self.model)).__name__}
            width = self.width(layers.get(name))
            told.append(dict(entry, width=int(width)) if width else entry)
        return told

    def width(self, layer):
        try:
            return layer.output.shape[-1]
        except Exception:
            return None

    def is_turned(self, layer, kernel):
        """A layer whose output is as wide as the kernel is high uses it transposed; of a square one nobody
        can tell from outside, and a second use is taken for the transposed one."""
        return self.width(layer) == kernel.shape[0]
