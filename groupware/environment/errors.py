"""What is wrong with a variable, for the admin."""


class SettingsError(Exception):
    """A variable holds what it cannot mean; the text is the one line that the admin reads."""
