"""Lists through stdin, objects through stdout: bookhunt between other programs."""

import json
import os
import subprocess
import sys

import pytest

from tests.story.world import World, program_environment

pytestmark = pytest.mark.story


def test_a_list_of_all_three_kinds_of_line_comes_out_in_its_order(world: World) -> None:
    isbns = [world.book() for _ in range(4)]
    lines = [
        isbns[0],
        f"{isbns[1]}\t90",
        json.dumps({"book": isbns[2], "max_price": "85.50", "note": "third"}),
        json.dumps({"isbn": isbns[3], "max_price": {"amount": "1", "currency": "USD"}}),
    ]
    shown = world.run("buy", "-", "--max-price", "80", "--json", stdin="\n".join(lines) + "\n")
    requests = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [request["book"]["isbn13"] for request in requests] == isbns
    maxima = [request["max_price"]["amount"] for request in requests]
    assert maxima == ["80.00", "90.00", "85.50", "1.00"]
    assert [request["status"] for request in requests] == ["SUCCESS"] * 3 + ["NOT_AVAILABLE"]
    assert shown.returncode == 3
    for isbn in isbns[:3]:
        assert len(world.orders(isbn)) == 1


def test_a_bad_line_is_told_with_its_number_and_the_others_are_bought(world: World) -> None:
    first, second = world.book(), world.book()
    shown = world.run(
        "buy", "-", "--max-price", "80", "--json", stdin=f"{first}\n9781449373321\n{second}\n"
    )
    assert shown.returncode == 2
    error = json.loads(shown.stderr)["error"]
    assert error["code"] == "bad_book"
    assert error["about"] == "9781449373321"
    assert len(world.orders(first)) == len(world.orders(second)) == 1


def test_unordered_prints_the_same_things(world: World) -> None:
    isbns = [world.book() for _ in range(3)]
    found = world.objects("buy", *isbns, "--max-price", "80", "--unordered")
    assert {request["book"]["isbn13"] for request in found} == set(isbns)


def test_fields_make_columns(world: World) -> None:
    isbn = world.book()
    shown = world.run("buy", isbn, "--max-price", "80", "--fields", "resolved_seller,order_id")
    [order] = world.orders(isbn)
    assert shown.stdout == f"{order['seller']}\t{order['order_id']}\n"


def test_a_list_run_again_with_its_key_buys_nothing_new(world: World) -> None:
    isbns = [world.book() for _ in range(3)]
    listed = "\n".join(isbns)
    key = ("--max-price", "80", "--idempotency-key", f"list-{isbns[0]}")
    first = world.objects("buy", "-", *key, stdin=listed)
    again = world.objects("buy", "-", *key, stdin=listed)
    assert [r["request_id"] for r in first] == [r["request_id"] for r in again]
    assert all(len(world.orders(isbn)) == 1 for isbn in isbns)


def test_a_book_that_stands_twice_in_a_list_is_bought_once(world: World) -> None:
    """Two lines in, two lines out, one order; with --again each line is a copy."""
    isbn, other = world.book(), world.book()
    shown = world.run("buy", "-", "--max-price", "80", "--json", stdin=f"{isbn}\n{other}\n{isbn}\n")
    assert shown.returncode == 0
    requests = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [request["book"]["isbn13"] for request in requests] == [isbn, other, isbn]
    assert requests[0]["request_id"] == requests[2]["request_id"]
    assert len(world.orders(isbn)) == 1
    assert "stands in the list twice" in shown.stderr
    other = world.book()
    world.objects("buy", "-", "--max-price", "80", "--again", stdin=f"{other}\n{other}\n")
    assert len(world.orders(other)) == 2


def test_an_empty_list_is_nothing_to_do(world: World) -> None:
    shown = world.run("buy", "-", "--max-price", "5", stdin="\n\n")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, "", "")


def test_a_reader_that_goes_away_is_no_error(world: World) -> None:
    world.object("buy", world.book(), "--max-price", "80")
    read, write = os.pipe()
    os.close(read)
    with world.start("status", "--json", stdout=write) as process:
        os.close(write)
        _, err = process.communicate(timeout=30)
    assert err == ""


def test_stdout_is_data_and_stderr_is_all_else(world: World) -> None:
    """A first command that starts a daemon says nothing of it on stdout."""
    world.run("daemon", "stop")
    shown = world.run("status", "--json", "--limit", "1")
    assert shown.returncode == 0
    for line in shown.stdout.splitlines():
        json.loads(line)


def test_quotes_and_a_filter_make_a_decision(world: World) -> None:
    """The cheapest offer of `quote` is the cheapest there is, by the street's own word."""
    isbn = world.book()
    offers = world.objects("quote", isbn)
    ranked = [offer for offer in offers if offer["fits"]]
    assert [offer["rank"] for offer in ranked] == list(range(1, len(ranked) + 1))
    known = [offer for offer in ranked if offer["total"] is not None]
    totals = [float(offer["total"]["amount"]) for offer in known]
    assert totals == sorted(totals)
    told = {f"{offer['total_minor'] / 100:.2f}" for offer in world.offers(isbn)}
    assert known[0]["total"]["amount"] in told
    assert world.orders(isbn) == []


def test_an_empty_quote_has_its_exit_code(world: World) -> None:
    shown = world.run("quote", "A Book That Nobody Wrote", "--json")
    assert (shown.returncode, shown.stdout) == (3, "")


def test_it_works_between_other_programs(world: World) -> None:
    isbns = sorted([world.book(), world.book()])
    script = (
        "printf '%s\\n' " + " ".join(isbns) + " | sort | "
        f'"{sys.executable}" -c "from bookhunt.cli.main import run; run()" '
        "buy - --max-price 80 --fields book,status | wc -l"
    )
    shown = subprocess.run(
        ["/bin/sh", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=program_environment(world.root),
    )
    assert shown.stdout.strip() == "2"
    assert shown.stderr == ""
