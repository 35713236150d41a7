"""What if an input was not given?  Tables made from nothing are nothing, and pages say which input is missing."""

from collections.abc import Callable
from functools import wraps


def needs_table(function: Callable) -> Callable:
    """The function, giving None where its first argument is None: not given, or made from what was not given."""

    @wraps(function)
    def given(*values, **named):
        first = values[0] if values else next(iter(named.values()), None)
        return None if first is None else function(*values, **named)

    return given
