"""`vaeedit completion`: the shell completes commands, options, their values, names of VAEs, and files."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from vaeedit.cli import console
from vaeedit.cli.pages import CommandGroup
from vaeedit.cli.params import debug_option
from vaeedit.errors import ImageError, UsageError
from vaeedit.extension.registry import registry

VARIABLE = "_VAEEDIT_COMPLETE"
"""The environment variable by which the shell asks for completions."""
SHELLS = ("bash", "zsh", "fish")
NEEDS = {"zsh": "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }\n"}
"""What must come before a script: zsh completes nothing before this."""


NAMED: dict[str, Callable[[], Iterable[str]]] = {
    "--vae": lambda: registry().weights.bare,
    "--device": lambda: ("auto", "cpu", "cuda", "mps"),
}
"""Names that may follow an option, of whatever command."""


def vae_names(context: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of the VAEs that begin so, for the `shell_complete` of an argument."""
    return [name for name in registry().weights.bare if name.startswith(incomplete)]


def register() -> None:
    """Complete names after `NAMED` options and, where nothing completes, files: as a shell does for other commands."""
    from click.shell_completion import CompletionItem, add_completion_class, get_completion_class

    class KeepsFiles:
        def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
            names = NAMED[args[-1]]() if args and args[-1] in NAMED else ()
            found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
            found = found or super().get_completions(args, incomplete)  # type: ignore[misc]
            return found or [CompletionItem(incomplete, type="file")]

    for shell in SHELLS:
        usual = get_completion_class(shell)
        assert usual is not None
        add_completion_class(type(shell, (KeepsFiles, usual), {}), shell)


def _install(shell: str | None, only_print: bool, debug: bool) -> int:
    shell = shell or Path(os.environ.get("SHELL", "")).name
    if shell not in SHELLS:
        raise UsageError(
            f"The shell {shell or 'of this terminal'} is not one of {', '.join(SHELLS)}; name one: completion install bash."
        )
    script = _script(shell)
    if only_print:
        console.say(*script.splitlines())
        return console.OK
    changed = [path for path, text in _files(shell, script) if _written(path, text)]
    console.say(*[f"changed {path}" for path in changed])
    console.note(f"Completion for {shell} is installed; it works in new terminals.")
    return console.OK


def _script(shell: str) -> str:
    from click.shell_completion import get_completion_class

    from vaeedit.cli.commands import cli

    kind = get_completion_class(shell)
    assert kind is not None
    return NEEDS.get(shell, "") + kind(cli, {}, "vaeedit", VARIABLE).source().strip() + "\n"


def _files(shell: str, script: str) -> list[tuple[Path, str]]:
    """The files that the installation needs, each with its whole text."""
    home = Path.home()
    if shell == "fish":
        folder = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "fish" / "completions"
        return [(folder / "vaeedit.fish", script)]
    path = (
        Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "vaeedit" / f"completion.{shell}"
    )
    start = Path(os.environ.get("ZDOTDIR") or home) / ".zshrc" if shell == "zsh" else home / ".bashrc"
    line = f'[ -f "{path}" ] && . "{path}"  # completion of vaeedit'
    text = _text(start)
    if line not in text.splitlines():
        between = "\n" if text and not text.endswith("\n") else ""
        text = f"{text}{between}{line}\n"
    return [(path, script), (start, text)]


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ImageError(
            f"{path} cannot be read ({error}); add the output of --print to it yourself."
        ) from None


def _written(path: Path, text: str) -> bool:
    """Write a file if its text is another; returns whether it was."""
    from vaeedit.image.atomic import make_folder, write_whole

    if _text(path) == text:
        return False
    make_folder(path.parent)
    write_whole(path, text.encode())
    return True


completion = CommandGroup("completion", help="Let the shell complete commands, options, values and files.")
completion.add_command(
    click.Command(
        "install",
        callback=_install,
        params=[
            click.Argument(["shell"], required=False, type=click.Choice(SHELLS), metavar="[bash|zsh|fish]"),
            click.Option(
                ["--print", "only_print"],
                is_flag=True,
                default=False,
                help="Print the script, and change no file.",
            ),
            debug_option(),
        ],
        help="Install completion for a shell, by default that of $SHELL; prints the files that it changed.",
        epilog="Example: vaeedit completion install bash",
    )
)
