"""The class that a spec names."""

from vaeedit.extension.specs import load_target


def require_derived(target: str, bases: tuple[type, ...], cure: str) -> None:
    """Raise AssertionError for a class that derives from none of the bases, or does not define their abstract methods."""
    cls = load_target(target)
    names = " or ".join(base.__name__ for base in bases)
    assert issubclass(cls if isinstance(cls, type) else object, bases), (
        f"{target} does not derive from {names}; {cure}"
    )
    missing = ", ".join(sorted(getattr(cls, "__abstractmethods__", ())))
    assert not missing, f"{target} does not define {missing}; define it"
