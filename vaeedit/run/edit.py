"""`edit`: one call for one picture. Its stub, edit.pyi, has the options of the built-in operations for editors."""

from typing import Any

from vaeedit.errors import UsageError
from vaeedit.pipeline.pipeline import Pipeline, Step
from vaeedit.run.operation import Result
from vaeedit.run.session import Session, Source
from vaeedit.settings import Settings


def edit(
    source: Source, operation: str | Step | Pipeline, *, maps: tuple[str, ...] = (), **options: Any
) -> Result:
    """Edit one picture: `vaeedit.edit("in.jpg", "soften", strength=0.6).save("out.png")`.

    The picture may be of any kind (`frame_of`), and the operation a `Step` or a `Pipeline`. The options may include members
    of `Settings` (device, seed, vae, ...). Raises VaeeditError.
    """
    names = {name: options.pop(name) for name in Settings.__struct_fields__ if name in options}
    step = Step(operation, maps=maps, **options) if isinstance(operation, str) else operation
    if step is operation and (maps or options):
        raise UsageError(f"The options belong into the {type(step).__name__} that is given.")
    with Session(**names) as session:
        return session.run(step, source)
