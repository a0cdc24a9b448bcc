"""Everything that must be green, a session each; `nox` runs those that a change must pass.

One environment serves them all: `dev` builds it from the package and its development group, held
to the versions in `.ci/dev.lock`; the other sessions run its programs. Longer work (`bench`,
`crash -- --full`, `mutants`, `shops`, `fuzz`, `coverage`, `versions`) is a session to be asked for
by name.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import nox

HERE = Path(__file__).parent
LOCK = HERE / ".ci" / "dev.lock"
PROJECT = nox.project.load_toml(HERE / "pyproject.toml")
DEV = nox.project.dependency_groups(PROJECT, "dev")
BIN = HERE / ".nox" / "dev" / "bin"

nox.options.sessions = [
    "dev",
    "lint",
    "types",
    "unit",
    "contract",
    "story",
    "crash",
    "documents",
    "wheel",
]
nox.needs_version = ">=2025.2.9"
# Where shells and man look for what the wheel brings.
SHARED = (
    "bash-completion/completions/bookhunt",
    "zsh/site-functions/_bookhunt",
    "fish/vendor_completions.d/bookhunt.fish",
    "man/man1/bookhunt-buy.1",
    "man/man5/bookhunt-sellers.5",
)


def run(session: nox.Session, program: str, *arguments: str, **environment: str) -> None:
    """Run a program of the shared environment."""
    session.run(str(BIN / program), *arguments, env=environment, external=True)


SIDE_BY_SIDE = ("-n", "2", "--dist", "loadfile")  # two cores, a file's tests together


def test(session: nox.Session, *paths: str) -> None:
    """Run tests; what follows `--` on nox's command line replaces the paths."""
    run(session, "python", "-m", "pytest", *(session.posargs or paths))


@nox.session(reuse_venv=True)
def dev(session: nox.Session) -> None:
    """The environment of all other sessions."""
    session.install("-c", str(LOCK), "-e", ".", *DEV)


@nox.session(venv_backend="none", requires=["dev"])
def lint(session: nox.Session) -> None:
    """Style, layers and spelling."""
    run(session, "ruff", "check")
    run(session, "ruff", "format", "--check")
    run(session, "lint-imports")
    run(session, "codespell")


@nox.session(venv_backend="none", requires=["dev"])
def types(session: nox.Session) -> None:
    """Types, strictly."""
    run(session, "mypy")


@nox.session(venv_backend="none", requires=["dev"])
def unit(session: nox.Session) -> None:
    """One module at a time."""
    test(session, *SIDE_BY_SIDE, "tests/unit")


@nox.session(venv_backend="none", requires=["dev"])
def contract(session: nox.Session) -> None:
    """One suite per port, over every implementation of it."""
    test(session, *SIDE_BY_SIDE, "tests/contract")


@nox.session(venv_backend="none", requires=["dev"])
def story(session: nox.Session) -> None:
    """The command line, a real daemon and the simulated street together."""
    test(session, *SIDE_BY_SIDE, "tests/story")


@nox.session(venv_backend="none", requires=["dev"])
def crash(session: nox.Session) -> None:
    """Kill the daemon at every step and count orders at the sellers; `-- --full` for all cases.

    `-- --definitions`: in the flows of the shipped definitions, at the suite's own shops.
    """
    run(session, "python", "-m", "tests.crash", *(session.posargs or ["--quick"]))


@nox.session(venv_backend="none", requires=["dev"], default=False)
def mutants(session: nox.Session) -> None:
    """Remove each protection of purchases in turn: the tests must miss it."""
    run(session, "python", "-m", "tests.crash.mutants", *session.posargs)


@nox.session(venv_backend="none", requires=["dev"])
def documents(session: nox.Session) -> None:
    """What is written about the program is true of the program; the house is tidy."""
    test(session, "tests/documents", "tests/test_tidy.py")


@nox.session(reuse_venv=True)
def wheel(session: nox.Session) -> None:
    """The wheel, installed outside the checkout, buys a book in the demo street."""
    with tempfile.TemporaryDirectory() as elsewhere:
        session.install("build")
        session.run("python", "-m", "build", "--wheel", "--outdir", elsewhere, ".", silent=True)
        [built] = Path(elsewhere).glob("*.whl")
        session.run("python", "-m", "venv", f"{elsewhere}/env")
        python = f"{elsewhere}/env/bin/python"
        session.run(python, "-m", "pip", "install", "-q", str(built), external=True)
        session.chdir(elsewhere)
        program = f"{elsewhere}/env/bin/bookhunt"
        environment = {"HOME": elsewhere, "PATH": os.defpath, "PYTHONSAFEPATH": "1"}
        said = session.run(
            program, "demo", "--json", env=environment, silent=True, external=True, stderr=None
        )
        bought = json.loads(str(said))
        if bought["status"] != "SUCCESS" or bought["ledger"]["orders"] != 1:
            session.error(f"the wheel did not buy: {said}")
        for place in SHARED:
            if not Path(elsewhere, "env", "share", place).is_file():
                session.error(f"the wheel did not install share/{place}")
        session.log(f"bought at {bought['resolved_seller']}, one order in the street's ledger")


# ------------------------------------------------------------------------------ asked for by name
@nox.session(venv_backend="none", requires=["dev"], default=False)
def bench(session: nox.Session) -> None:
    """Measurements beside their references: `nox -s bench -- reading`, or several names."""
    run(session, "python", "-m", "tests.bench", *session.posargs)


@nox.session(venv_backend="none", requires=["dev"], default=False)
def generate(session: nox.Session) -> None:
    """Write the completion scripts and man pages anew, after a change of a command."""
    run(session, "python", "-m", "tests.documents.generate")


@nox.session(venv_backend="none", requires=["dev"], default=False)
def shops(session: nox.Session) -> None:
    """Buy at real shops from npm, Vendure and Medusa, and count in their own databases."""
    cache = session.cache_dir / "shops"
    run(session, "python", "-m", "tests.shops", "--cache", str(cache), *session.posargs)


@nox.session(venv_backend="none", requires=["dev"], default=False)
def soak(session: nox.Session) -> None:
    """An hour of steady work: memory, descriptors, tasks stay flat; `-- --minutes 3` for less."""
    wanted = session.posargs or ["--minutes", "60", "--samples", "30"]
    run(session, "python", "-m", "tests.bench", "memory", *wanted)


@nox.session(venv_backend="none", requires=["dev"], default=False)
def fuzz(session: nox.Session) -> None:
    """Hundreds of thousands of broken answers and documents."""
    run(
        session,
        "python",
        "-m",
        "pytest",
        *(session.posargs or ["tests/unit/sellers/reading", "tests/unit/documents", "-k", "fuzz"]),
        "--timeout=3000",
        BOOKHUNT_HYPOTHESIS="nightly",
    )


@nox.session(venv_backend="none", requires=["dev"], default=False)
def coverage(session: nox.Session) -> None:
    """Branch coverage of unit, contract and story tests, subprocesses included."""
    run(session, "coverage", "erase")
    paths = session.posargs or ["tests/unit", "tests/contract", "tests/story"]
    run(session, "coverage", "run", "-m", "pytest", *paths)
    run(session, "coverage", "combine")
    run(session, "coverage", "report")


@nox.session(python=["3.11", "3.12", "3.13"], reuse_venv=True, default=False)
def versions(session: nox.Session) -> None:
    """Unit, contract and story tests on every Python that is supported."""
    session.install("-c", str(LOCK), ".", *DEV)
    paths = session.posargs or ["tests/unit", "tests/contract", "tests/story"]
    session.run("python", "-m", "pytest", *paths)
