"""What if an input was not given?  Tables made from nothing are nothing, and pages say which input is missing."""

from collections.abc import Callable
from functools import wraps


def needs_table(function: Callable) -> Callable:
    """The function, giving None where its first table is None: not given, or made from what was not given."""

    @wraps(function)
    def given(table, *others, **named):
        return None if table is None else function(table, *others, **named)

    return given
