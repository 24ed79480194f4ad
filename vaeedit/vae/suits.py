"""Whether a VAE suits an operation: checked by its name, its header and its architecture, before weights are loaded."""

from collections.abc import Iterator
from typing import Any

from vaeedit.errors import UnknownName, VaeeditError
from vaeedit.extension.registry import Registry
from vaeedit.extension.specs import OperationSpec, load_target
from vaeedit.vae.folders import require_name


def misfits(vae: str, spec: OperationSpec, registry: Registry) -> Iterator[str]:
    """Sentences on why the operation cannot use the VAE; a missing or damaged file is reported when it is loaded."""
    if vae == spec.vae and vae in registry.weights:
        return
    if not vae:
        yield f"{spec.name} has no VAE of its own; name one: --vae FILE, or vae: FILE in a pipeline."
        return
    try:
        require_name(vae, registry)
    except UnknownName as error:
        yield str(error)
        return
    if vae == spec.vae or (read := _network(vae, registry)) is None:
        return
    kind, network, calibration = read
    if kind != "VAE":
        yield f"{vae} is a {kind}, which edits no picture; name a VAE of images."
        return
    if spec.calibrated and not calibration:
        yield f"the VAE {vae} was not fitted for it; make one: vaeedit {spec.name} fit."
    known = supported(network) if hasattr(network, "conditions") else spec.conditions
    for name in sorted(set(spec.conditions) - set(known)):
        yield f"the VAE {vae} does not support the condition {name}."
    for name in sorted(set(getattr(network, "needs", ())) - set(spec.conditions)):
        yield f"the VAE {vae} needs the condition {name}, which {spec.name} does not set."
    own = _network(spec.vae, registry) if spec.vae and is_conditional(network) else None
    if own is not None and not is_conditional(own[1]):
        yield (
            f"{spec.name} edits the latents of the picture itself and needs an unconditional VAE, such as {spec.vae}; "
            f"the VAE {vae} is conditional: its latents describe the difference from a restored picture."
        )


def _network(vae: str, registry: Registry) -> tuple[str, Any, Any] | None:
    """The kind and class of a VAE's network and the calibration in its header, or None if they cannot be read."""
    from vaeedit.vae.files import find_vae, read_info

    try:
        info = read_info(find_vae(vae, registry), registry)
        spec = registry.architectures.find(info.architecture).spec
        return spec.kind, load_target(spec.target), info.calibration
    except VaeeditError:
        return None


def supported(network: Any) -> tuple[str, ...]:
    """The conditions that a VAE supports, optional ones last."""
    optional: tuple[str, ...] = getattr(network, "optional", ())
    return (*network.conditions, *optional)


def is_conditional(network: Any) -> bool:
    """Whether its latents describe p(x | y) of an observed image y instead of the encoded image itself."""
    if hasattr(network, "given_labels"):  # a label is no image
        return False
    return hasattr(network, "infer") or bool(getattr(network, "conditions", ()))
