"""What does a YAML file say, taken at its word?  Texts, lists and groups, nothing guessed.

    file → nested dict of texts     0123 is "0123", NO is "NO"; a key that stands twice is refused
"""

from pathlib import Path
from typing import Any

import yaml

from helpers.errors import InputError


def read(file: Path, where: str) -> dict:
    """The content of the file, every value as text; `where` names the file in messages."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        _refuse_references(text, where)
        top = yaml.compose(text, Loader=yaml.BaseLoader)
    except UnicodeDecodeError:
        raise InputError(where, "it is not UTF-8 text", "a YAML file in UTF-8", "save it as UTF-8") from None
    except RecursionError:
        raise InputError(where, "groups within groups without end", "a few levels", "take brackets out") from None
    except yaml.YAMLError as error:
        raise _unreadable(error, where) from None
    if top is None:
        raise InputError(where, "the file is empty", "key: value lines", "see params/base.yaml for the keys")
    if not isinstance(top, yaml.MappingNode):
        raise InputError(where, "it holds no parameters", "key: value lines", "see params/base.yaml for the keys")
    return _plain(top, where, "")


def _unreadable(error: yaml.YAMLError, where: str) -> InputError:
    mark = getattr(error, "problem_mark", None)
    line = f"line {mark.line + 1}" if mark else "it"
    cause = getattr(error, "problem", None) or "unreadable characters"
    expected = "key: value lines, indented by spaces"
    return InputError(where, f"{line} is not YAML ({cause})", expected, "correct the line")


def _refuse_references(text: str, where: str) -> None:
    """Anchors and aliases fetch a value from elsewhere and tags change its type: neither is plain."""
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        for kind in ("anchor", "tag"):
            if name := getattr(event, kind, None):
                found = f'line {event.start_mark.line + 1} uses the {kind} "{name}"'
                raise InputError(where, found, "plain values", "write the value out")


def _plain(node: yaml.Node, where: str, key: str) -> Any:
    """The node as text, list or group."""
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, where, f"{key}.{place}") for place, item in enumerate(node.value, 1)]
    group: dict[str, Any] = {}
    for name, value in node.value:
        line = name.start_mark.line + 1
        if not isinstance(name, yaml.ScalarNode):
            raise InputError(where, f"line {line} has a list or group as a key", "a name as a key", "write key: value")
        dotted = f"{key}.{name.value}".removeprefix(".")
        if name.value in group:
            raise InputError(where, f"{dotted} stands again on line {line}", "each key once", "keep one of the two")
        group[name.value] = _plain(value, where, dotted)
    return group
