"""What a new resource starts as: a JSON value with $subject, $frame and $item for the references at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mappings.model import Ids, Json

Maker = Callable[[Ids, str], Any]  # ids and the focal reference -> the value

_NAMED: Final[dict[str, Maker]] = {
    "$subject": lambda ids, _: ids.subject,
    "$frame": lambda ids, _: ids.frame,
    "$item": lambda _, item: item,
    "$system": lambda ids, _: ids.system,
}


def maker(template: Json) -> Maker:
    """Compile the template. Parts without a name are shared between all that is made: they are never
    changed in place."""
    if isinstance(template, str):
        return _NAMED.get(template) or (lambda _, __: template)
    if isinstance(template, dict) and not _plain(template):
        parts = tuple((key, maker(value)) for key, value in template.items())
        return lambda ids, item: {key: part(ids, item) for key, part in parts}
    if isinstance(template, list) and not _plain(template):
        items = tuple(maker(value) for value in template)
        return lambda ids, item: [part(ids, item) for part in items]
    return lambda _, __: template


def _plain(template: Json) -> bool:
    if isinstance(template, dict):
        return all(map(_plain, template.values()))
    if isinstance(template, list):
        return all(map(_plain, template))
    return not (isinstance(template, str) and template in _NAMED)
