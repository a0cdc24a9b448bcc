"""A seller that takes more than was agreed is told of wherever one looks, and never paid twice."""

import json

import pytest

from tests.story.world import World

pytestmark = pytest.mark.story


def test_a_purchase_that_cost_more_is_loud_everywhere(own_world: World) -> None:
    """Beside a pipe's line and object, in lists, in the log and in the figures; and bought once."""
    world = own_world
    offer = next(
        offer
        for offer in world.street.offers(seller="brightwater")
        if offer["inventory"] > 2 and offer["currency"] == "USD" and offer["sells"]
    )
    words = ("buy", offer["isbn"], "--max-price", "90", "--sellers", "brightwater")
    world.street.fault("brightwater", "commit", "price_raised", minor=300)
    shown = world.run(*words, "--json")
    request = json.loads(shown.stdout)
    assert (shown.returncode, request["status"], request["overcharged"]) == (0, "SUCCESS", True)
    assert "ATTENTION" in shown.stderr
    [order] = world.orders(offer["isbn"])
    assert request["order_id"] == order["order_id"]

    assert "ATTENTION" in world.run("wait", request["request_id"]).stderr
    whole = world.run("status", request["request_id"])
    assert "ATTENTION" in whole.stderr
    assert whole.stdout.startswith("bought\t")
    assert "overcharged" in world.run("status").stdout
    assert world.object("stats")["overcharged"] == 1
    log = [json.loads(line) for line in world.home.log_file.read_text().splitlines()]
    [warning] = [line for line in log if "charged more" in line["message"]]
    assert (warning["level"], warning["request_id"]) == ("warning", request["request_id"])
