"""The errors that mim-lsp raises on purpose.

MimError
├── ModelError      a model folder is unknown, broken or truncated
├── DocumentError   a file cannot be read, or a position lies outside it
├── SettingsError   a setting, flag or recipe has a value that cannot work
├── CorpusError     a corpus manifest or a downloaded package is not what it should be
└── EditError       an edit that was asked for cannot be made, or would break the code
Cancelled           a request was superseded; not a failure

The message of a `MimError` is one line that tells a user what to do; the command line prints it and exits with code 2.
"""


class MimError(Exception):
    """An error that a user can cause and mend."""


class ModelError(MimError):
    """A model folder is unknown, broken or truncated."""


class DocumentError(MimError):
    """A file cannot be read as text, or a position lies outside it."""


class SettingsError(MimError):
    """A setting, flag or recipe has a value that cannot work."""


class CorpusError(MimError):
    """A corpus manifest or a downloaded package is not what it should be."""


class EditError(MimError):
    """An edit that was asked for cannot be made, or would break the code."""


class Cancelled(Exception):  # noqa: N818 - not an error
    """Work was given up because nobody waits for its result any more."""
