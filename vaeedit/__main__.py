"""python -m vaeedit."""

from vaeedit.cli.main import main

main()
