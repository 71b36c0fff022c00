"""Reasons a command cannot go on that are the user's to mend: told in a sentence, without a traceback."""


class CannotRun(Exception):
    """The message says what is wrong and what to do about it."""
