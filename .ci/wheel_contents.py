"""Fail unless the wheel holds every Python package of the repository, its typing markers, recipes and weights."""

import subprocess
import sys
import zipfile

inside = set(zipfile.ZipFile(sys.argv[1]).namelist())
tracked = subprocess.run(
    ["git", "ls-files", "vaeedit", "plugins"], capture_output=True, text=True, check=True
)
expected = {path.removeprefix("plugins/") for path in tracked.stdout.split()}
missing = sorted(expected - inside)
if missing:
    sys.exit(f"the wheel lacks: {', '.join(missing)}")
print(f"the wheel holds all {len(expected)} files")
