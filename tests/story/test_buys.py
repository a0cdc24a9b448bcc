"""Buying at the command line: what it says, how it ends, and what the street knows of it."""

import json
import signal

import pytest

from tests.story.world import World, wait_until

pytestmark = pytest.mark.story


def test_a_book_is_bought_once_at_its_landed_total(world: World) -> None:
    isbn = world.book()
    request = world.object("buy", isbn, "--max-price", "80")
    assert request["status"] == "SUCCESS"
    [order] = world.orders(isbn)
    assert request["resolved_seller"] == order["seller"]
    assert request["order_id"] == order["order_id"]
    assert request["resolved_price"]["amount"] == f"{order['total_minor'] / 100:.2f}"
    assert request["item_price"]["amount"] == f"{order['price_minor'] / 100:.2f}"
    assert request["shipping"]["amount"] == f"{order['shipping_minor'] / 100:.2f}"
    assert request["book"]["isbn13"] == isbn
    assert not request["overcharged"]


def test_a_title_is_as_good_as_an_isbn(world: World) -> None:
    isbn = world.book()
    title = next(o["title"] for o in world.street.offers(isbn=isbn))
    shown = world.run("buy", title, "--max-price", "80")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith(f"bought\t{title}\t")
    assert len(shown.stdout.splitlines()) == 1


def test_nobody_has_it_at_that_price(world: World) -> None:
    """Nothing is bought, the lowest price and its seller are told, and it is proven or not."""
    isbn = world.book()
    shown = world.run("buy", isbn, "--max-price", "1", "--json")
    request = json.loads(shown.stdout)
    assert request["status"] == "NOT_AVAILABLE"
    assert shown.returncode == (3 if request["proof"] == "complete" else 9)
    assert request["proof"] == "complete"
    cheapest = world.offers(isbn)[0]
    assert request["lowest_available_price"]["amount"] == f"{cheapest['total_minor'] / 100:.2f}"
    assert world.orders(isbn) == []


def test_a_seller_that_fails_makes_the_proof_partial(own_world: World) -> None:
    world = own_world
    isbn = world.book()
    world.street.fault("any", "quote", "status", status=500, count=None)
    shown = world.run("buy", isbn, "--max-price", "80", "--json")
    assert shown.returncode == 9
    assert json.loads(shown.stdout)["proof"] == "partial"


def test_a_dry_run_orders_nothing(world: World) -> None:
    isbn = world.book()
    shown = world.run("buy", isbn, "--max-price", "80", "--dry-run", "--json")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["status"] == "DRY_RUN"
    assert world.orders(isbn) == []


def test_submitting_is_one_thing_and_waiting_another(world: World) -> None:
    isbn = world.book()
    shown = world.run("buy", isbn, "--max-price", "80", "--no-wait", "--json")
    assert shown.returncode == 0
    submitted = json.loads(shown.stdout)
    waited = world.run("wait", submitted["request_id"], "--json")
    assert waited.returncode == 0
    assert json.loads(waited.stdout)["status"] == "SUCCESS"
    assert len(world.orders(isbn)) == 1


def test_the_same_book_again_is_a_possible_duplicate_unless_it_is_said(world: World) -> None:
    isbn = world.book()
    first = world.object("buy", isbn, "--max-price", "80")
    twice = world.run("buy", isbn, "--max-price", "80", "--json")
    assert twice.returncode == 1
    error = json.loads(twice.stderr)["error"]
    assert error["code"] == "possible_duplicate"
    assert error["older_id"] == first["request_id"]
    assert first["request_id"] in world.run("buy", isbn, "--max-price", "80").stderr
    assert len(world.orders(isbn)) == 1
    assert world.run("buy", isbn, "--max-price", "80", "--again").returncode == 0
    assert len(world.orders(isbn)) == 2


def test_one_key_is_one_request_and_with_another_body_an_error(world: World) -> None:
    isbn = world.book()
    key = ("--idempotency-key", f"key-{isbn}")
    first = world.object("buy", isbn, "--max-price", "80", *key)
    assert world.object("buy", isbn, "--max-price", "80", *key) == first
    assert world.run("buy", isbn, "--max-price", "81", *key).returncode == 2
    assert len(world.orders(isbn)) == 1


def test_many_commands_at_once_with_one_key_are_one_order(world: World) -> None:
    isbn = world.book()
    arguments = ("buy", isbn, "--max-price", "80", "--idempotency-key", f"many-{isbn}", "--json")
    processes = [world.start(*arguments) for _ in range(8)]
    ends = [(process.communicate(timeout=50), process.returncode) for process in processes]
    assert [code for _, code in ends] == [0] * 8
    assert len({json.loads(out)["request_id"] for (out, _), _ in ends}) == 1
    assert len(world.orders(isbn)) == 1


def test_a_limit_refuses_and_says_so(own_world: World) -> None:
    world = own_world
    isbn = world.book()
    assert world.run("limits", "set", "--purchase", "1").returncode == 0
    shown = world.run("buy", isbn, "--max-price", "80")
    assert shown.returncode == 7, shown.stdout + shown.stderr
    assert world.orders() == []


def test_pause_stops_new_purchases_and_resume_allows_them(own_world: World) -> None:
    world = own_world
    isbn = world.book()
    assert world.run("pause").returncode == 0
    assert world.run("buy", isbn, "--max-price", "80").returncode == 7
    assert world.orders() == []
    assert world.run("resume").returncode == 0
    assert world.run("buy", isbn, "--max-price", "80", "--again").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--profile", "nobody"), 4),
        (("--strategy", "luck"), 2),
        (("--condition", "eaten"), 2),
        (("--currency", "XXX"), 2),
        (("--sellers", "nobody"), 2),
        (("--max-price", "0"), 2),
        (("--note", "4111 1111 1111 1111"), 2),
    ],
)
def test_what_cannot_be_bought_is_refused_before_anybody_is_asked(
    arguments: tuple[str, str], code: int, world: World
) -> None:
    before = len(world.street.arrivals())
    shown = world.run("buy", "9780141439587", "--max-price", "80", *arguments)
    assert shown.returncode == code, shown.stderr
    assert shown.stdout == ""
    assert len(world.street.arrivals()) == before


def test_only_the_sellers_that_were_named_are_asked(world: World) -> None:
    isbn = world.book()
    seller = world.offers(isbn)[-1]["seller"]
    before = len(world.street.arrivals())
    request = world.object("buy", isbn, "--max-price", "90", "--sellers", seller)
    assert request["resolved_seller"] == seller
    asked = world.street.arrivals()[before:]
    assert {arrival["seller"] for arrival in asked} == {seller}


def test_time_over_is_told_and_the_hunt_goes_on(slow_world: World) -> None:
    world = slow_world
    isbn = world.book()
    shown = world.run("buy", isbn, "--max-price", "80", "--timeout", "0.05s", "--json")
    assert shown.returncode == 8
    request = json.loads(shown.stdout)
    assert request["status"] in {"PENDING", "PROCESSING", "RESOLVED"}
    assert world.object("wait", request["request_id"])["status"] == "SUCCESS"
    assert len(world.orders(isbn)) == 1


def test_ctrl_c_stops_waiting_not_the_hunt_and_says_how_to_look_again(slow_world: World) -> None:
    world = slow_world
    isbn = world.book()
    with world.start("buy", isbn, "--max-price", "80") as process:
        wait_until(world.street.arrivals)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    [request] = world.objects("status")
    assert f"bookhunt wait {request['request_id']}" in err
    assert world.object("wait", "@last")["status"] == "SUCCESS"
    assert len(world.orders(isbn)) == 1


def test_a_cancelled_hunt_buys_nothing(slow_world: World) -> None:
    world = slow_world
    isbn = world.book()
    world.street.fault("any", "quote", "delay", ms=1500, count=None)
    submitted = world.object("buy", isbn, "--max-price", "80", "--no-wait")
    assert world.object("cancel", submitted["request_id"])["status"] == "CANCELLED"
    assert world.run("wait", "@last").returncode == 11
    assert world.orders() == []


def test_a_daemon_killed_in_the_middle_of_a_hunt_buys_once(slow_world: World) -> None:
    """The waiting command starts another and goes on waiting, as if nothing had happened."""
    world = slow_world
    isbn = world.book()
    with world.start("buy", isbn, "--max-price", "80", "--json") as process:
        wait_until(world.street.arrivals)
        world.kill_daemon()
        out, err = process.communicate(timeout=50)
    assert process.returncode == 0, err
    assert json.loads(out)["status"] == "SUCCESS"
    assert len(world.orders(isbn)) == 1


def test_a_lost_answer_is_settled_and_never_bought_twice(own_world: World) -> None:
    """The seller executed the order and the answer was lost: one copy, told as bought."""
    world = own_world
    can_look_up = frozenset({"amberside", "lanternrow"})
    isbn = world.book(one_of=can_look_up)
    world.street.fault("any", "commit", "reset_after", count=1)
    sellers = ",".join({o["seller"] for o in world.offers(isbn)} & can_look_up)
    shown = world.run("buy", isbn, "--max-price", "90", "--sellers", sellers, "--json")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["status"] == "SUCCESS"
    assert len(world.orders()) == 1
