"""How many frames a film has, and in which order."""

from vaeedit_show.defaults import FINER


def finer(steps: int) -> int:
    """How many values a film has in one direction: those of a picture of so many, and others between them."""
    return (steps - 1) * FINER + 1


def there_and_back(count: int) -> list[int]:
    """Numbers of frames from the first to the last and back, so that the film repeats without a jump."""
    return [*range(count), *range(count - 2, 0, -1)]
