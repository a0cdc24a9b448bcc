"""When nobody can say what became of an order, a person is asked, and nothing is bought twice."""

import json

import pytest

from tests.story.world import World

pytestmark = pytest.mark.story
# It reads no key and shows no orders: what a lost answer meant only a person can find out.
_BLIND = "elmcourt"


def _offer(world: World, seller: str) -> dict:
    return next(
        offer
        for offer in world.street.offers(seller=seller)
        if offer["inventory"] > 1 and offer["currency"] == "USD"
    )


def _in_doubt(world: World, behaviour: str) -> dict:
    """A request whose order was sent to a seller that can prove nothing, the answer lost."""
    isbn = _offer(world, _BLIND)["isbn"]
    world.street.fault(_BLIND, "commit", behaviour)
    shown = world.run("buy", isbn, "--max-price", "90", "--sellers", _BLIND, "--json")
    assert shown.returncode == 6, shown.stderr
    request = json.loads(shown.stdout)
    assert request["status"] == "NEEDS_ATTENTION"
    return request


def test_an_order_that_was_made_is_settled_as_bought(own_world: World) -> None:
    world = own_world
    request = _in_doubt(world, "reset_after")
    assert "bookhunt settle" in world.run("wait", request["request_id"]).stdout + json.dumps(
        request
    )
    [order] = world.orders()
    settled = world.object("settle", request["request_id"], "--bought", order["order_id"])
    assert (settled["status"], settled["order_id"]) == ("SUCCESS", order["order_id"])
    assert world.run("wait", "@last").returncode == 0
    assert len(world.orders()) == 1


def test_an_order_that_was_not_made_is_hunted_again_if_that_is_wanted(own_world: World) -> None:
    world = own_world
    request = _in_doubt(world, "reset_before")
    assert world.orders() == []
    world.object("settle", request["request_id"], "--not-bought", "--retry")
    shown = world.run("wait", request["request_id"], "--json")
    assert json.loads(shown.stdout)["status"] in {"SUCCESS", "PURCHASE_FAILED", "NOT_AVAILABLE"}
    assert len(world.orders()) <= 1


def test_an_order_that_was_not_made_may_be_left_at_that(own_world: World) -> None:
    world = own_world
    request = _in_doubt(world, "reset_before")
    settled = world.object("settle", request["request_id"], "--not-bought")
    assert settled["status"] == "CANCELLED"
    assert world.orders() == []


def test_nothing_else_is_bought_while_it_is_in_doubt(own_world: World) -> None:
    world = own_world
    request = _in_doubt(world, "reset_after")
    isbn = request["book"]["isbn13"]
    twice = world.run("buy", isbn, "--max-price", "90", "--json")
    assert twice.returncode == 1
    assert json.loads(twice.stderr)["error"]["older_id"] == request["request_id"]
    assert len(world.orders()) == 1


def test_a_request_that_is_settled_cannot_be_settled(world: World) -> None:
    request = world.object("buy", world.book(), "--max-price", "80")
    shown = world.run("settle", request["request_id"], "--not-bought")
    assert shown.returncode == 1
    assert "hint" in shown.stderr or shown.stderr.startswith("error: ")


def test_a_seller_that_declines_is_a_purchase_that_failed(own_world: World) -> None:
    world = own_world
    isbn = _offer(world, "amberside")["isbn"]
    world.street.fault("amberside", "commit", "declined", count=None)
    shown = world.run("buy", isbn, "--max-price", "90", "--sellers", "amberside", "--json")
    assert shown.returncode == 10, shown.stdout
    request = json.loads(shown.stdout)
    assert request["status"] == "PURCHASE_FAILED"
    assert request["reason"] == "declined"
    assert world.orders() == []
