"""bookhunt between other programs, as people write it: in bash and in dash, with jq and xargs."""

import json
from pathlib import Path

import pytest

from tests.story.world import World
from tests.support.shells import need, path_with_program, run_script

pytestmark = pytest.mark.story


@pytest.fixture(params=["bash", "dash"])
def shell(request: pytest.FixtureRequest) -> str:
    need(request.param, "jq")
    return str(request.param)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    return path_with_program(tmp_path_factory.mktemp("program") / "bin")


def _script(world: World, shell: str, path: str, text: str, *, stdin: str = "") -> str:
    """What a script prints; it may say nothing on stderr, and must end well."""
    done = run_script(shell, text, path=path, stdin=stdin, BOOKHUNT_HOME=str(world.root))
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def test_a_list_goes_in_and_jq_takes_what_it_wants(
    world: World, shell: str, path: str, tmp_path: Path
) -> None:
    """`bookhunt buy - --json < list.tsv | jq ...`: the numbers of the orders that were made."""
    first, second, dear = world.book(), world.book(), world.book()
    (tmp_path / "list.tsv").write_text(f"{first}\t80\n{dear}\t0.01\n{second}\t80\n")
    told = _script(
        world,
        shell,
        path,
        f"bookhunt buy - --json < '{tmp_path}/list.tsv'"
        " | jq -r 'select(.status == \"SUCCESS\") | .order_id'",
    )
    [one], [other] = world.orders(first), world.orders(second)
    assert told.split() == [one["order_id"], other["order_id"]]


def test_xargs_makes_commands_of_lines(world: World, shell: str, path: str) -> None:
    isbns = [world.book(), world.book()]
    told = _script(
        world,
        shell,
        path,
        "xargs bookhunt buy --max-price 80 --fields request_id"
        " | xargs -n 1 bookhunt status --json | jq -r .book.isbn13",
        stdin="\n".join(isbns) + "\n",
    )
    assert told.split() == isbns


def test_a_loop_reads_each_line_and_its_command_leaves_the_rest(
    world: World, shell: str, path: str
) -> None:
    """`while read`: a command that swallowed stdin would end the loop after the first line."""
    isbns = [world.book(), world.book()]
    told = _script(
        world,
        shell,
        path,
        'while read -r isbn; do bookhunt buy "$isbn" --max-price 80 --dry-run --fields status;'
        ' bookhunt status @last --json | jq -r ".book.isbn13"; done',
        stdin="\n".join(isbns) + "\n",
    )
    assert told.split() == ["DRY_RUN", isbns[0], "DRY_RUN", isbns[1]]


def test_head_takes_one_line_and_nobody_complains(world: World, shell: str, path: str) -> None:
    isbn = world.book()
    cheapest = world.offers(isbn)[0]
    told = _script(world, shell, path, f"bookhunt quote {isbn} --json | head -1")
    assert json.loads(told)["total"]["amount"] == f"{cheapest['total_minor'] / 100:.2f}"
    many = "for each in 1 2 3 4 5 6 7 8; do bookhunt config show --json; done | head -1"
    assert json.loads(_script(world, shell, path, many))["name"]


def test_without_a_terminal_and_without_input_nothing_is_asked(
    world: World, shell: str, path: str
) -> None:
    """As `ssh host bookhunt ...` and cron run it: stdin is closed, and no terminal is anywhere."""
    isbn = world.book()
    script = f"bookhunt buy {isbn} --max-price 80 <&-"
    told = _script(world, shell, path, script)
    [order] = world.orders(isbn)
    cells = told.rstrip("\n").split("\t")
    assert cells[0] == "bought"
    assert cells[4] == order["order_id"]
    asked = run_script(
        shell, "bookhunt profile add x <&-", path=path, BOOKHUNT_HOME=str(world.root)
    )
    assert asked.returncode == 2
    assert "--from" in asked.stderr


def test_with_an_empty_environment_the_same_daemon_is_found(
    world: World, shell: str, path: str
) -> None:
    """Cron gives HOME, a short PATH and nothing else: no locale, no runtime directory, no TERM."""
    program = f"{path.partition(':')[0]}/bookhunt"
    done = run_script(
        shell,
        f"export BOOKHUNT_HOME='{world.root}'; '{program}' daemon status --json | jq .pid",
        path="/usr/bin:/bin",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) == world.client.health()["pid"]


def test_an_exit_code_decides(world: World, shell: str, path: str) -> None:
    """`|| test $? -eq 3`, `set -e`, `if`: the outcome is the code of the command."""
    isbn = world.book()
    told = _script(
        world,
        shell,
        path,
        f"set -e; bookhunt buy {isbn} --max-price 0.01 --quiet > /dev/null || test $? -eq 3;"
        f" if bookhunt buy {isbn} --max-price 80 --quiet > /dev/null; then echo bought; fi",
    )
    assert told == "bought\n"


def test_pipefail_hears_of_it_and_a_list_is_summed_up(
    world: World, path: str, tmp_path: Path
) -> None:
    """One of the list was not available: 3, through a pipe that bash was told to watch."""
    need("bash", "jq")
    (tmp_path / "list").write_text(f"{world.book()}\t80\n{world.book()}\t0.01\n")
    done = run_script(
        "bash",
        f"set -o pipefail; bookhunt buy - --json < '{tmp_path}/list' | jq -c .status",
        path=path,
        BOOKHUNT_HOME=str(world.root),
    )
    assert (done.returncode, done.stdout) == (3, '"SUCCESS"\n"NOT_AVAILABLE"\n')


def test_errors_are_objects_of_their_own_stream(world: World, shell: str, path: str) -> None:
    """`2>` takes them apart, and jq reads them too."""
    told = _script(
        world,
        shell,
        path,
        "{ printf '9781449373321\\n' | bookhunt buy - --max-price 5 --json 2>&1 >&3"
        " | jq -r '.error.code'; } 3>/dev/null",
    )
    assert told == "bad_book\n"
