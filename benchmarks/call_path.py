"""How many functions of vaeedit take part in `vaeedit denoise a.jpg`, and how many files they are in.

python benchmarks/call_path.py [--list]

Functions and methods of vaeedit/ and plugins/ are counted, in all threads; not the bodies of modules and classes, nor
lambdas and comprehensions. A first run imports torch and every module and finds the plugins; the second is counted.
"""

import shutil
import sys
import tempfile
import threading
from collections import defaultdict
from pathlib import Path

from vaeedit.cli.main import call

ROOT = Path(__file__).parents[1]
OURS = tuple(f"{ROOT / name}/" for name in ("vaeedit", "plugins"))

if __name__ == "__main__":
    found: dict[str, set[str]] = defaultdict(set)

    def note(frame, event, argument):
        code = frame.f_code
        named = code.co_flags & 1 and not code.co_name.startswith("<")  # no body of a class
        if event == "call" and named and code.co_filename.startswith(OURS):
            found[code.co_filename.removeprefix(f"{ROOT}/")].add(code.co_qualname)

    with tempfile.TemporaryDirectory() as folder:
        picture = f"{folder}/a.jpg"
        shutil.copy(ROOT / "samples" / "images" / "osprey.jpg", picture)
        for profile in (None, note):
            threading.setprofile(profile)
            sys.setprofile(profile)
            assert call(["denoise", picture, "--exists", "overwrite"]) == 0
        sys.setprofile(None)
        threading.setprofile(None)
    if "--list" in sys.argv:
        for file, names in sorted(found.items()):
            print(file, *sorted(names))
    print(f"{sum(map(len, found.values()))} functions in {len(found)} files")
