"""The log keeps what is allowed and nothing else, and never holds up who writes to it."""

from __future__ import annotations

import ast
import io
import json
import logging
import queue
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import bookhunt
from bookhunt.model.errors import SecretMissing
from bookhunt.telemetry import logs
from bookhunt.telemetry.spans import Trace, belong_to

if TYPE_CHECKING:
    from collections.abc import Callable

CANARY = "tok_canary_4f1a9c"
OURS = logging.getLogger("bookhunt.hunt.service")
THEIRS = logging.getLogger("httpx")


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Callable[[], None]], list[dict[str, Any]]]:
    """Log something and read the file back."""

    def write(log: Callable[[], None]) -> list[dict[str, Any]]:
        file = tmp_path / "daemon.log"
        log_of_test = logs.set_up_logs(file)
        try:
            log()
        finally:
            log_of_test.close()
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()]

    return write


def test_a_line_is_a_json_object_with_the_allowed_fields(
    written: Callable[[Callable[[], None]], list[dict[str, Any]]],
) -> None:
    [line] = written(
        lambda: OURS.warning("a seller was slow", extra={"seller": "alpha", "latency_ms": 12.5})
    )
    assert line["message"] == "a seller was slow"
    assert line["level"] == "warning"
    assert line["logger"] == "bookhunt.hunt.service"
    assert (line["seller"], line["latency_ms"]) == ("alpha", 12.5)
    assert line["time"].endswith("Z")


def leak_by_argument() -> None:
    OURS.error("the seller said %s", CANARY)


def leak_by_field() -> None:
    OURS.error("asked", extra={"body": CANARY, "headers": {"X-Api-Key": CANARY}, "token": CANARY})


def leak_by_exception() -> None:
    def fail() -> None:
        try:
            int(CANARY)
        except ValueError as error:
            raise SecretMissing(f"no secret for {CANARY}", hint=CANARY) from error

    try:
        fail()
    except SecretMissing:
        OURS.exception("a hunt failed")


def leak_by_group() -> None:
    def fail() -> None:
        raise ExceptionGroup(CANARY, [ValueError(CANARY), OSError(5, CANARY)])

    try:
        fail()
    except ExceptionGroup:
        OURS.exception("a hunt failed")


def leak_by_library() -> None:
    THEIRS.warning("HTTP Request: GET https://alpha.example/?key=%s", CANARY)
    THEIRS.error(f"got {CANARY}")


def leak_by_chatter() -> None:
    THEIRS.info("HTTP Request: GET https://alpha.example/?key=%s", CANARY)


@pytest.mark.parametrize(
    "leak",
    [
        leak_by_argument,
        leak_by_field,
        leak_by_exception,
        leak_by_group,
        leak_by_library,
        leak_by_chatter,
    ],
)
def test_no_canary_reaches_the_file_or_the_terminal(
    tmp_path: Path, leak: Callable[[], None]
) -> None:
    """Arguments, unknown fields, texts of exceptions and other libraries' sentences stay out."""
    terminal = io.StringIO()
    log = logs.set_up_logs(tmp_path / "daemon.log", level="debug", terminal=terminal)
    leak()
    log.close()
    assert CANARY not in (tmp_path / "daemon.log").read_text("utf-8")
    assert CANARY not in terminal.getvalue()


def test_an_exception_is_told_by_type_code_and_place(
    written: Callable[[Callable[[], None]], list[dict[str, Any]]],
) -> None:
    [line] = written(leak_by_exception)
    assert line["error"]["type"] == "bookhunt.model.errors.SecretMissing"
    assert line["error"]["code"] == "secret_missing"
    assert line["error"]["cause"] == {"type": "ValueError"}
    assert "leak_by_exception" in line["error"]["at"][0]


def test_a_group_tells_each_of_its_errors(
    written: Callable[[Callable[[], None]], list[dict[str, Any]]],
) -> None:
    [line] = written(leak_by_group)
    assert [each["type"] for each in line["error"]["errors"]] == [
        "builtins.ValueError",
        "builtins.OSError",
    ]
    assert line["error"]["errors"][1]["errno"] == 5


def test_other_libraries_are_heard_from_warning_on(
    written: Callable[[Callable[[], None]], list[dict[str, Any]]],
) -> None:
    lines = written(lambda: (leak_by_chatter(), leak_by_library())[0])
    assert [(line["logger"], line["level"]) for line in lines] == [
        ("httpx", "warning"),
        ("httpx", "error"),
    ]


def test_a_text_is_short_and_stays_on_its_line(
    written: Callable[[Callable[[], None]], list[dict[str, Any]]],
) -> None:
    """A value cannot forge a second line, nor fill the disk."""
    [line] = written(lambda: OURS.info("asked", extra={"seller": "a\n{}" + "x" * 1000}))
    assert line["seller"].startswith("a {}x")
    assert len(line["seller"]) == logs.LONGEST_TEXT


def test_the_file_is_private_and_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGEST_FILE", 500)
    log = logs.set_up_logs(tmp_path / "daemon.log")
    for count in range(40):
        OURS.info("one of many", extra={"count": count})
    log.close()
    kept = sorted(tmp_path.iterdir())
    assert len(kept) == 1 + logs.FILES_KEPT
    for file in kept:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.stat().st_size <= 500


def test_a_link_in_the_place_of_the_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / "daemon.log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        logs.set_up_logs(tmp_path / "daemon.log")
    assert (tmp_path / "elsewhere").read_text() == "precious"


def test_a_full_queue_drops_lines_and_says_how_many() -> None:
    """Whoever logs never waits for a disk."""
    waiting: logs._Waiting = queue.Queue(1)
    handler = logs._Queued(waiting)
    for count in range(4):
        handler.emit(
            logging.LogRecord("bookhunt.x", logging.INFO, "", 0, f"line {count}", None, None)
        )
    first = waiting.get()
    assert isinstance(first, dict)
    assert first["message"] == "line 0"
    handler.emit(logging.LogRecord("bookhunt.x", logging.INFO, "", 0, "later", None, None))
    later = waiting.get()
    assert isinstance(later, dict)
    assert (later["message"], later["dropped"]) == ("later", 3)


def test_a_process_that_has_to_end_at_once_still_says_why(tmp_path: Path) -> None:
    """`logging.shutdown` before `_exit` waits until the last line is written."""
    log = logs.set_up_logs(tmp_path / "daemon.log")
    OURS.critical("the ledger's state is unknown")
    logging.shutdown([lambda: log._handler])  # type: ignore[list-item]
    assert "unknown" in (tmp_path / "daemon.log").read_text()
    log.close()
    logging.shutdown([lambda: log._handler])  # type: ignore[list-item]


def test_the_terminal_gets_a_readable_form() -> None:
    line = {
        "time": "2026-03-02T12:00:00.000Z",
        "level": "info",
        "logger": "bookhunt.daemon",
        "message": "listening",
        "pid": 7,
        "error": {"type": "builtins.OSError", "at": ["a.b:1"]},
    }
    assert logs.readable(line).splitlines() == [
        "12:00:00.000 INFO    listening  (bookhunt.daemon)  pid=7",
        "    builtins.OSError",
        "    at a.b:1",
    ]


def test_the_root_logger_is_given_back() -> None:
    before = list(logging.getLogger().handlers), logging.getLogger().level
    logs.set_up_logs(None).close()
    assert (logging.getLogger().handlers, logging.getLogger().level) == before


def log_calls() -> list[tuple[str, ast.Call]]:
    """Every call of the package that writes to the log, with where it stands."""
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    return [
        (f"{path.name}:{node.lineno}", node)
        for path in Path(bookhunt.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in levels
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id.strip("_") in {"log", "logger"}
    ]


def test_every_sentence_is_a_constant() -> None:
    """A sentence is put together nowhere, so no value can be inside it."""
    assert log_calls()
    for where, call in log_calls():
        assert isinstance(call.args[0], ast.Constant), where


def test_of_arguments_numbers_and_kinds_of_errors_are_shown(
    written: Callable[[Callable[[], None]], list[dict[str, Any]]],
) -> None:
    """An address, a title, an error's text: three dots."""

    def log() -> None:
        OURS.info("%s of %d: %s, %s", "alpha", 7, OSError(5, CANARY), SecretMissing(CANARY))
        OURS.info("100 % sure")
        OURS.info("%d copies", CANARY)

    assert [line["message"] for line in written(log)] == [
        "... of 7: OSError, secret_missing",
        "100 % sure",
        "%d copies",
    ]


def test_every_field_that_the_program_logs_is_allowed() -> None:
    """A field that is not in the list is silently left out, so none may be used."""
    for where, call in log_calls():
        for extra in (each.value for each in call.keywords if each.arg == "extra"):
            assert isinstance(extra, ast.Dict), f"{where}: the fields are written out"
            for key in extra.keys:
                assert isinstance(key, ast.Constant), where
                assert key.value in logs.FIELDS, f"{where}: {key.value}"


def test_every_line_of_a_request_carries_its_trace(
    written: Callable[[Callable[[], None]], list[dict[str, Any]]],
) -> None:
    """Where it names the request, and where the request's own task says it without."""
    request_id = "01a212f8-6ffe-7043-8020-8dd48a093ff1"

    def log() -> None:
        OURS.info("the daemon says something")
        OURS.info("a request was accepted", extra={"request_id": request_id})
        belong_to(Trace(request_id, monotonic=lambda: 0.0, wall_s=0.0))
        OURS.warning("an order waits", extra={"attempt_id": "a-1"})
        belong_to(None)

    lines = written(log)
    trace_id = request_id.replace("-", "")
    assert [line.get("trace_id") for line in lines] == [None, trace_id, trace_id]
