"""What is learned, and what a person says of sellers: there after a restart, or lost in peace."""

import pytest

from tests.story.world import World

pytestmark = pytest.mark.story

_FIGURES = ("tier", "p95_ms", "success", "stock", "orders", "last_seen")


def _buy(world: World, *options: str) -> dict:
    request = world.object("buy", world.book(), "--max-price", "80", *options)
    assert request["status"] == "SUCCESS"
    return request


def _seller(world: World, seller_id: str) -> dict:
    return {each["id"]: each for each in world.objects("sellers", "list")}[seller_id]


def _figures(world: World, seller_id: str) -> dict:
    seller = _seller(world, seller_id)
    return {name: seller[name] for name in _FIGURES}


def test_what_was_learned_is_there_after_a_restart(own_world: World) -> None:
    """Figures and tier of the seller bought from; calls saved because of it."""
    world = own_world
    bought = [_buy(world)["resolved_seller"] for _ in range(4)]
    seller = max(bought, key=bought.count)
    before = _figures(world, seller)
    assert all(before[name] is not None for name in _FIGURES)
    assert world.run("daemon", "restart").returncode == 0
    after = _figures(world, seller)
    assert {**after, "tier": None} == {**before, "tier": None}


@pytest.mark.parametrize("damage", ["deleted", "overwritten"])
def test_a_lost_cache_costs_nothing_but_calls(own_world: World, damage: str) -> None:
    """Every request is there, and the next book is bought once; what was learned begins anew."""
    world = own_world
    requests = [_buy(world)["request_id"] for _ in range(2)]
    assert world.run("daemon", "stop").returncode == 0
    cache = world.home.cache_file
    if damage == "deleted":
        for file in cache.parent.glob("cache.db*"):
            file.unlink()
    else:
        cache.write_bytes(b"\x00\xff" * 20_000)
    found = {request["request_id"]: request["status"] for request in world.objects("status")}
    assert found == dict.fromkeys(requests, "SUCCESS")
    assert all(each["success"] is None for each in world.objects("sellers", "list"))
    isbn = world.book()
    assert world.object("buy", isbn, "--max-price", "80")["status"] == "SUCCESS"
    assert len(world.orders(isbn)) == 1
    assert world.run("daemon", "restart").returncode == 0
    assert any(each["success"] for each in world.objects("sellers", "list"))


def test_a_person_s_word_about_a_seller_holds_at_once_and_after_a_restart(
    own_world: World,
) -> None:
    """Pinned, blocked, switched off and on again; shown with where it is from."""
    world = own_world
    isbn = world.book()
    cheapest = world.offers(isbn)[0]["seller"]
    shown = world.object("sellers", "block", cheapest)
    assert (shown["state"], shown["trust"]) == ("blocked", "blocked")
    assert world.object("sellers", "pin", "amberside", "1")["pinned"] is True
    request = world.object("buy", isbn, "--max-price", "80")
    assert request["resolved_seller"] != cheapest
    [told] = world.objects("status", request["request_id"], "--why")
    assert {n["seller"]: n["reason"] for n in told["sellers"]}[cheapest] == "skipped_blocked"
    assert world.run("daemon", "restart").returncode == 0
    assert _seller(world, cheapest)["state"] == "blocked"
    settings = {s["name"]: s for s in world.objects("config", "show", "--origin")}
    assert settings["sellers.amberside.tier"]["value"] == 1
    assert settings["sellers.amberside.tier"]["origin"].startswith("command (")
    assert settings[f"sellers.{cheapest}.trust"]["value"] == "blocked"
    enabled = world.run("sellers", "enable", cheapest)
    assert "ready" in enabled.stderr
    assert world.object("sellers", "pin", "amberside", "auto")["pinned"] is False
    assert world.object("sellers", "disable", cheapest)["state"] == "disabled"
    assert world.object("sellers", "enable", cheapest)["state"] == "ready"
    assert world.object("sellers", "reset", cheapest)["state"] == "ready"
    assert world.run("sellers", "pin", cheapest, "4").returncode == 2
    assert world.run("sellers", "block", "nobody").returncode == 2


def test_feedback_counts_once_and_only_for_a_purchase(own_world: World) -> None:
    world = own_world
    request = _buy(world)
    seller = request["resolved_seller"]
    before = _figures(world, seller)["orders"]
    told = world.object("feedback", "@last", "--refunded")
    assert (told["seller"], told["counted"]) == (seller, True)
    after = _figures(world, seller)["orders"]
    assert after < before
    assert world.run("daemon", "restart").returncode == 0
    again = world.run("feedback", request["request_id"], "--refunded", "--late")
    assert again.returncode == 0
    assert "refunded was noted before" in again.stderr
    assert "late, noted" in again.stderr
    assert world.run("feedback", "@last").returncode == 2
    missing = world.object("buy", world.book(), "--max-price", "1")
    assert missing["status"] == "NOT_AVAILABLE"
    refused = world.run("feedback", "@last", "--good")
    assert refused.returncode == 1
    assert "nothing was bought" in refused.stderr


def test_why_says_how_sellers_were_ranked_and_what_was_saved(own_world: World) -> None:
    world = own_world
    for _ in range(3):
        _buy(world)
    [told] = world.objects("status", "@last", "--why")
    assert told["strategy"] == "balanced"
    assert told["stopped_because"]
    assert told["full_fan_out"] >= told["calls"] - 1
    assert told["saved_calls"] == max(told["full_fan_out"] - told["calls"], 0)
    asked = [note for note in told["sellers"] if note["asked_ms"] is not None]
    assert asked
    assert all(note["rank"] and note["expected"] for note in asked)
    assert any(note["reservation"] for note in asked)
    first, *_ = world.run("status", "@last", "--why").stdout.splitlines()
    assert first.split("\t")[-2] == told["stopped_because"]


def test_a_customer_over_its_rate_is_told_to_come_back(own_world: World) -> None:
    """Exit code 75; the owner goes on."""
    world = own_world
    rate = {"BOOKHUNT_THROTTLE_PER_CUSTOMER_PER_MIN": "2"}
    assert world.run("daemon", "restart", **rate).returncode == 0
    for _ in range(2):
        _buy(world, "--customer", "jane")
    refused = world.run("buy", world.book(), "--max-price", "80", "--customer", "jane", "--json")
    assert refused.returncode == 75
    assert '"retry_after_s"' in refused.stderr
    assert "2 requests a minute" in refused.stderr
    _buy(world)
