"""The command line; plugins that bring commands speak through `console`, as `vaeedit.api.console`."""

from vaeedit.cli import console as console
