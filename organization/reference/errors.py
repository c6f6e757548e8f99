"""What a page of reference data answers when a rule stands against a change."""


class ChangeRefused(Exception):
    """The message is for the person who asked: what stands against it, and what to do."""
