"""Names that vaeedit uses itself, so that nothing of a plugin may have them."""

from vaeedit.options import flag_of
from vaeedit.settings import STEP_KEYS, Settings

COMMANDS = (
    *("run", "chain", "pipeline", "train", "data", "evaluate", "compare", "serve", "ui"),
    *("info", "doctor", "ops", "models", "plugins", "completion"),
)
"""The commands of vaeedit itself, in the order in which it makes them."""
FLAGS = (
    *("inputs", "output", "format", "encode_quality", "recursive", "in_place", "exists", "compare"),
    *("dry_run", "metadata", "damaged", "no_provenance", "workers", "threads", "time_limit"),
    *("engine", "scheduler", "journal", "resume", "watch", "fail_fast", "allow_cpu", "report"),
    *("as_json", "quiet", "debug"),
)
"""The argument and the options about files, workers and printing of every command on images, in the order of its help."""
RESERVED = frozenset(map(flag_of, (*FLAGS, *Settings.__struct_fields__, *STEP_KEYS))) | {"json", "help"}
"""Names that no operation may use for an option, a map or an extra input; `as_json` is --json."""
