"""What is wrong with an input, in one line: where, what was found, what was expected, what to do."""


class InputError(Exception):
    """An input that cannot be used; its text is `where: found; expected …; what to do`."""

    def __init__(self, where: str, found: str, expected: str, todo: str):
        self.where, self.found, self.expected, self.todo = where, found, expected, todo
        super().__init__(" ".join(f"{where}: {found}; expected {expected}; {todo}".split()))


class StepError(Exception):
    """A step that lost or made money, or cannot be worked out; never to be published."""
