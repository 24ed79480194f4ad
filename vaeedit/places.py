"""Where things stand in a YAML text: the line of every key and item."""

from collections.abc import Iterator, Mapping

import yaml

Place = tuple[str | int, ...]
"""Keys and indices from the top of the document: ("steps", 0, "denoise", "strength")."""


def lines(text: str) -> Mapping[Place, int]:
    """The line, counted from 1, of everything in a YAML document that can be read at all."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    return {} if node is None else dict(_lines(node, ()))


def line_of(found: Mapping[Place, int], path: Place) -> int | None:
    """The line of `path` or, where that is not in the text, of what should hold it."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path)


def _lines(node: yaml.Node, path: Place) -> Iterator[tuple[Place, int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                inner = (*path, key.value)
                yield from _lines(value, inner)
                yield inner, key.start_mark.line + 1  # the key's line, should the value begin below it
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _lines(item, (*path, index))
