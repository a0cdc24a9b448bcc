"""Looking at requests, sellers, profiles and limits from the command line."""

import json

import pytest

from tests.story.world import World

pytestmark = pytest.mark.story


def test_requests_are_found_by_id_by_its_beginning_and_as_the_last(world: World) -> None:
    first = world.object("buy", world.book(), "--max-price", "80")["request_id"]
    last = world.object("buy", world.book(), "--max-price", "80")["request_id"]
    assert world.object("status", first)["request_id"] == first
    assert world.object("status", "@last")["request_id"] == last
    assert world.object("status", first[:-4])["request_id"] == first
    assert [r["request_id"] for r in world.objects("status", "--limit", "2")] == [last, first]
    missing = world.run("status", "no-such-id")
    assert missing.returncode == 2
    assert "hint:" in missing.stderr


def test_they_are_filtered_by_state_and_time(world: World) -> None:
    world.object("buy", world.book(), "--max-price", "80")
    world.object("buy", world.book(), "--max-price", "1")
    found = world.objects("status", "--state", "not_available")
    assert {request["status"] for request in found} == {"NOT_AVAILABLE"}
    assert world.objects("status", "--since", "0s") == []
    assert len(world.objects("status", "--since", "1h")) >= 2


def test_why_names_every_seller_and_its_reason(world: World) -> None:
    isbn = world.book()
    request = world.object("buy", isbn, "--max-price", "1")
    [told] = world.objects("status", request["request_id"], "--why")
    assert {note["seller"] for note in told["sellers"]} == set(world.street.sellers)
    assert all(note["reason"] for note in told["sellers"])
    lines = world.run("status", request["request_id"], "--why").stdout.splitlines()
    assert len(lines) == 1 + len(world.street.sellers)


def test_watch_prints_each_change_and_ends_when_all_have_ended(slow_world: World) -> None:
    world = slow_world
    world.object("buy", world.book(), "--max-price", "80", "--no-wait")
    states = [r["status"] for r in world.objects("status", "@last", "--watch")]
    assert states[-1] == "SUCCESS"
    assert len(states) == len(set(states))


def test_sellers_are_listed_with_their_state(world: World) -> None:
    found = {seller["id"]: seller for seller in world.objects("sellers", "list")}
    for seller in world.street.sellers:
        assert found[seller]["state"] == "ready"
    others = set(found) - set(world.street.sellers)
    assert {found[seller]["state"] for seller in others} <= {"disabled", "needs_setup"}


def test_a_seller_without_its_secrets_needs_setup_until_they_are_given(own_world: World) -> None:
    world = own_world
    assert world.run("sellers", "logout", "amberside").returncode == 0
    assert world.object("sellers", "show", "amberside")["state"] == "needs_setup"
    lines = "api_key=street-amberside-api_key\npayment=street-pay-amberside-home\n"
    given = world.run("sellers", "login", "amberside", "--stdin", stdin=lines)
    assert given.returncode == 0, given.stderr
    shown = world.run("sellers", "show", "amberside", "--json")
    assert json.loads(shown.stdout)["state"] == "ready"
    assert "street-amberside" not in given.stdout + given.stderr + shown.stdout


def test_profiles_are_added_from_a_file_or_stdin_without_a_terminal(own_world: World) -> None:
    world = own_world
    text = (
        "name: Bob Reader\nstreet: 2 Side St\ncity: Oslo\npostcode: 0150\ncountry: NO\n"
        "email: bob@example.test\n"
    )
    assert world.run("profile", "add", "office", "--from", "-", stdin=text).returncode == 0
    shown = world.object("profile", "show", "office")
    assert (shown["postcode"], shown["country"]) == ("0150", "NO")
    as_json = json.dumps(
        {"name": "C", "street": "s", "city": "c", "postcode": "1", "country": "US"}
    )
    assert world.run("profile", "add", "third", "--from", "-", stdin=as_json).returncode == 0
    assert world.run("profile", "default", "office").returncode == 0
    listed = {p["profile"]: p["default"] for p in world.objects("profile", "list")}
    assert listed == {"home": False, "office": True, "third": False}
    again = world.run("profile", "add", "third", "--from", "-", stdin=as_json)
    assert again.returncode != 0
    replaced = world.run("profile", "add", "third", "--replace", "--from", "-", stdin=as_json)
    assert replaced.returncode == 0
    assert world.run("profile", "remove", "third").returncode == 0
    assert world.run("profile", "show", "third").returncode == 4


def test_a_mistake_in_a_profile_is_told_with_its_line(own_world: World) -> None:
    shown = own_world.run("profile", "add", "x", "--from", "-", stdin="name: A\nstret: B\n")
    assert shown.returncode in {1, 2}
    assert ":2:1" in shown.stderr


def test_limits_show_what_is_spent(own_world: World) -> None:
    world = own_world
    request = world.object("buy", world.book(), "--max-price", "80")
    [limits] = [each for each in world.objects("limits", "show") if each["currency"] == "USD"]
    assert limits["spent_day"] == request["resolved_price"]
    assert limits["purchase"] == {"amount": "1000.00", "currency": "USD"}
    changed = world.object("limits", "set", "--day", "150", "--month", "none")
    assert changed["day"]["amount"] == "150.00"
    assert changed["month"] is None
    assert changed["purchase"]["amount"] == "1000.00"


def test_the_daemon_is_started_stopped_and_tells_how_it_does(own_world: World) -> None:
    world = own_world
    told = world.object("daemon", "status")
    assert told["status"] == "ready"
    assert world.run("daemon", "stop").returncode == 0
    assert world.run("daemon", "status").returncode == 5
    assert world.run("status", "--no-autostart").returncode == 5
    assert world.run("daemon", "start").returncode == 0
    restarted = world.run("daemon", "restart")
    assert restarted.returncode == 0
    assert world.object("daemon", "status")["pid"] != told["pid"]
    logs = world.run("daemon", "logs", "--json", "-n", "500").stdout.splitlines()
    assert all(json.loads(line)["level"] for line in logs)
    assert world.run("daemon", "logs").stdout
