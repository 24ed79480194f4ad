"""What plugins may rely on, read from the source: every public name and its members, each as one line."""

import inspect
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import griffe

from vaeedit import api, testing


@cache
def package() -> griffe.Module:
    """The source of vaeedit, not imported."""
    root = Path(__file__).parents[1]
    found = griffe.load("vaeedit", search_paths=[root], resolve_aliases=True, resolve_external=False)
    assert isinstance(found, griffe.Module)
    return found


@cache
def promised() -> Mapping[str, griffe.Object]:
    """Everything public by name: `vaeedit.api`, the hooks, `vaeedit.testing`."""
    hooks = package()["extension.hooks"].functions
    paths = {name: f"api.{name}" for name in sorted(api.__all__)}
    paths |= {name: f"extension.hooks.{name}" for name in hooks if name.startswith("vaeedit_")}
    paths |= {f"vaeedit.testing.{name}": f"testing.{name}" for name in testing.__all__}
    return {name: _target(package()[path]) for name, path in paths.items()}


@cache
def members(name: str) -> dict[str, griffe.Object]:
    """The public members of a class or module, with those that it inherits from a class that is not public."""
    item, own = promised()[name], getattr(api, name, None)
    public = {one.path for one in promised().values()}
    inherited = getattr(item, "inherited_members", {})
    found = {key: one for key, one in inherited.items() if one.target.parent.path not in public}
    found |= {key: one for key, one in item.members.items() if not one.is_alias}
    others = [base for base in getattr(own, "__mro__", ()) if not base.__module__.startswith("vaeedit")]
    shown = {key: _target(one) for key, one in found.items() if not _is_hidden(key, others)}
    if "__init__" in found and not (is_record(item) and not found["__init__"].lineno):
        shown["__init__"] = _target(found["__init__"])
    return shown


def _is_hidden(name: str, others: list[type]) -> bool:
    """Whether a member is private, or part of a class of another library."""
    return name.startswith("_") or any(name in vars(base) for base in others)


def lines() -> dict[str, str]:
    """Every public name and member -> its line."""
    found = {}
    for name, item in promised().items():
        found[name] = line(name, item)
        if item.is_class or item.is_module:
            found |= {f"{name}.{key}": line(f"{name}.{key}", one) for key, one in members(name).items()}
    return found


def line(name: str, item: griffe.Object) -> str:
    """A name and what it is: parameters and result, type and default, or kind of class."""
    if isinstance(item, griffe.Function):
        abstract = " (abstract)" if "abstractmethod" in item.labels else ""
        return f"{name}{signature(item)}{abstract}"
    if isinstance(item, griffe.Attribute):
        return f"{name}{described(item)}"
    return f"{name}: {kind(name, item)}"


def kind(name: str, item: griffe.Object) -> str:
    """What a class or module is, in words: 'class (Operation)'."""
    if not item.is_class:
        named = {"attribute": "type" if isinstance(item, griffe.Attribute) and _is_type(item) else "constant"}
        return named.get(item.kind.value, item.kind.value)
    own = getattr(api, name)
    words = "error" if issubclass(own, Exception) else "data class" if is_record(item) else "class"
    parameters = inspect.signature(own).parameters.values() if is_record(item) else ()
    if "__init__" not in members(name) and any(one.kind is one.KEYWORD_ONLY for one in parameters):
        words += " made with keywords"
    words = "protocol" if getattr(own, "_is_protocol", False) else words
    bases = [base.__name__ for base in own.__mro__[1:] if getattr(api, base.__name__, None) is base]
    return f"{words} ({', '.join(bases)})" if bases else words


def signature(item: griffe.Function) -> str:
    """The parameters as a caller gives them, and the result."""
    parts: list[str] = []
    for one in item.parameters:
        if one.name in ("self", "cls"):
            continue
        if one.kind is griffe.ParameterKind.keyword_only and not any(part.startswith("*") for part in parts):
            parts.append("*")
        stars = {"variadic positional": "*", "variadic keyword": "**"}.get(one.kind.value, "")
        default = "" if one.default is None or stars else f" = {one.default}"
        parts.append(f"{stars}{one.name}: {text(one.annotation)}{default}")
        if one.kind is griffe.ParameterKind.positional_only:
            parts = [*(part for part in parts if part != "/"), "/"]
    result = "" if item.name == "__init__" else f" -> {text(item.returns)}"
    return f"({', '.join(parts)}){result}"


def described(item: griffe.Attribute) -> str:
    """Type and default of a field, the type of a property, or the types behind a name."""
    if "module-attribute" in item.labels:
        return f" = {text(item.value)}" if _is_type(item) else ": constant"
    default = default_of(item)
    return (f": {text(item.annotation)}" if item.annotation else "") + (f" = {default}" if default else "")


def default_of(item: griffe.Attribute) -> str:
    """The default of a field as Python writes it, or nothing."""
    if item.value is None or "class-attribute" not in item.labels:
        return ""
    if isinstance(item.value, griffe.ExprCall) and str(item.value.function) == "field":
        given = {
            one.name: str(one.value) for one in item.value.arguments if isinstance(one, griffe.ExprKeyword)
        }
        made = f"{given['default_factory']}()" if "default_factory" in given else given.get("default", "")
        return "{}" if made == "dict()" else made
    return str(item.value)


def text(expression: str | griffe.Expr | None) -> str:
    """An annotation without descriptions; a name that only the core knows is replaced by what it stands for."""
    if isinstance(expression, griffe.ExprSubscript) and str(expression.left).endswith("Annotated"):
        inside = expression.slice
        return text(inside.elements[0] if isinstance(inside, griffe.ExprTuple) else inside)
    if isinstance(expression, griffe.ExprName):
        return _public(expression)
    if isinstance(expression, griffe.Expr):
        return "".join(
            part if isinstance(part, str) else text(part) for part in expression.iterate(flat=False)
        )
    return expression or "Any"


def _public(name: griffe.ExprName) -> str:
    try:
        item = _target(package()[name.canonical_path.removeprefix("vaeedit.")])
    except (KeyError, griffe.AliasResolutionError):
        return name.name
    public = promised().get(name.name)
    hidden = (
        isinstance(item, griffe.Attribute) and _is_type(item) and (public is None or public.path != item.path)
    )
    return text(item.value).strip("\"'") if hidden else name.name


def _is_type(item: griffe.Attribute) -> bool:
    """Whether a module's attribute is another name of a type."""
    named = str(item.annotation) == "TypeAlias" or isinstance(
        item.value, griffe.ExprBinOp | griffe.ExprSubscript
    )
    return named and not item.name.isupper()


def is_record(item: griffe.Object) -> bool:
    """Whether the fields of a class are the parameters that make it: a dataclass or a structure of msgspec."""
    if not item.is_class:
        return False
    return "dataclass" in item.labels or hasattr(getattr(api, item.name, None), "__struct_fields__")


def _target(item: griffe.Object | griffe.Alias) -> griffe.Object:
    return item.final_target if isinstance(item, griffe.Alias) else item
