"""`bookhunt completions`: the scripts that complete its command line, and its man pages."""

import os
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from bookhunt.cli.completion_bash import bash_script
from bookhunt.cli.completion_fish import fish_script
from bookhunt.cli.completion_zsh import zsh_script
from bookhunt.cli.output import Terminal
from bookhunt.model.errors import BookhuntError, InputError

SCRIPTS = {"bash": bash_script, "zsh": zsh_script, "fish": fish_script}
# Where each shell looks under a `share` folder, a user's or the system's.
PLACES = {
    "bash": "bash-completion/completions/bookhunt",
    "zsh": "zsh/site-functions/_bookhunt",
    "fish": "fish/vendor_completions.d/bookhunt.fish",
}
# Where the package lies that loads scripts of bash on demand.
_LOADERS = (
    Path("/usr/share/bash-completion/bash_completion"),
    Path("/usr/local/share/bash-completion/bash_completion"),
    Path("/opt/homebrew/share/bash-completion/bash_completion"),
)
_Shell = Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]


def show(terminal: Terminal, shell: _Shell) -> None:
    """Print the completion script of a shell."""
    terminal.line(_script(_known(shell)).rstrip("\n"))


def install(
    terminal: Terminal,
    *,
    shell: Annotated[
        str | None, typer.Option(metavar="SHELL", help="bash, zsh or fish; else yours by $SHELL.")
    ] = None,
    man: Annotated[bool, typer.Option("--man/--no-man", help="The man pages too.")] = True,
) -> None:
    """Put the completion script and the man pages where your shell and man look for them.

    They go into your own share folder (XDG_DATA_HOME, else ~/.local/share). A package manager has
    put them into the system's already.
    """
    chosen = _known(shell or Path(os.environ.get("SHELL", "")).name)
    share = _share()
    script = share / PLACES[chosen]
    written = [_write(script, _script(chosen))]
    if man:
        written += [_write(share / "man" / name, text) for name, text in man_pages().items()]
    if terminal.wants_objects:
        told = {"shell": chosen, "script": str(script), "files": len(written)}
        terminal.thing(told, (*told, "schema_version"))
        return
    terminal.notice(f"{script} is written; a new {chosen} completes bookhunt")
    wanted = _line_of_startup(chosen, script)
    if wanted is not None:
        terminal.notice(wanted)
    if man:
        terminal.notice(f"{len(written) - 1} man pages lie in {share / 'man'}: man bookhunt")
        if not _man_looks_in(share / "man"):
            terminal.notice(f'for man to look there: export MANPATH="{share / "man"}:$MANPATH"')


def _line_of_startup(shell: str, script: Path) -> str | None:
    """What a start-up file must have for the shell to read the script; None: nothing."""
    if shell == "zsh":
        return f"~/.zshrc must have, above compinit: fpath=({script.parent} $fpath)"
    if shell == "bash" and not any(path.exists() for path in _LOADERS):
        return f"without the package bash-completion, ~/.bashrc must have: source {script}"
    return None


def _man_looks_in(folder: Path) -> bool:
    """Whether `man` of this machine finds pages there; where nobody can say, it is told."""
    try:
        asked = subprocess.run(["manpath", "-q"], capture_output=True, check=False, timeout=5)  # noqa: S607 - the user's own
    except (OSError, subprocess.TimeoutExpired):
        return False
    return os.fsencode(folder) in asked.stdout.strip().split(b":")


def man_pages() -> dict[str, str]:
    """Every man page, by its place under a `man` folder: `man1/bookhunt-buy.1`."""
    from bookhunt.cli.manual import man_page
    from bookhunt.cli.manual_sellers import sellers_page
    from bookhunt.cli.surface import pages
    from bookhunt.sellers.loading_files import shipped_folder

    made = {f"man1/{page.name}.1": man_page(page) for page in pages()}
    language = (shipped_folder() / "README.md").read_text(encoding="utf-8")
    return made | {"man5/bookhunt-sellers.5": sellers_page(language)}


def _script(shell: str) -> str:
    from bookhunt.cli.surface import pages

    return SCRIPTS[shell](pages())


def _known(shell: str) -> str:
    if shell not in SCRIPTS:
        raise InputError(
            f"there is no completion for {shell or 'a shell without a name'}",
            hint="bookhunt completions install --shell bash | zsh | fish",
        )
    return shell


def _share() -> Path:
    named = os.environ.get("XDG_DATA_HOME", "").strip()
    return Path(named) if named else Path.home() / ".local" / "share"


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BookhuntError(
            f"{path} cannot be written: {error.strerror}",
            hint="bookhunt completions show SHELL prints the script",
        ) from error
    return path
