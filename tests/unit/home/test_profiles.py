"""Shipping profiles: private, durable, read from YAML or JSON, and never with a card's number."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.documents import DocumentMistakes
from bookhunt.home import profiles as module
from bookhunt.home.durable import write_durably
from bookhunt.home.profiles import Profiles, profile_text, read_profile
from bookhunt.model.buyer import Address, Buyer
from bookhunt.model.errors import BookhuntError, CardNumber, InputError, ProfileMissing, UnsafePath

if TYPE_CHECKING:
    from collections.abc import Callable

    from bookhunt.home.paths import Home
    from bookhunt.hunt.ports import Buyers

CARD = "4242 4242 4242 4242"
ADA = Address(
    name="Ada Reader",
    street="1 Main St",
    street2=None,
    city="Springfield",
    region="IL",
    postcode="02701",
    country="US",
    phone="+1 415 555 2671",
    email="ada@example.test",
)
YAML = """\
name: Ada Reader
street: 1 Main St
city: Springfield
region: IL
postcode: 02701
country: US
phone: +1 415 555 2671
email: ada@example.test
"""
SHORT = "name: A\nstreet: B\ncity: C\npostcode: 1\ncountry: US\n"


@pytest.fixture
def profiles(home: Home) -> Profiles:
    return Profiles(home)


def told(content: str) -> list[str]:
    with pytest.raises(DocumentMistakes) as refused:
        read_profile(content, file="ada.yaml")
    return [str(each).removeprefix("ada.yaml:") for each in refused.value.mistakes]


def test_what_is_added_is_there_for_everybody(home: Home, profiles: Profiles) -> None:
    """Also for another process, as it was written: a postcode keeps its zero."""
    added = profiles.add("home", YAML)
    assert added == Buyer(profile="home", ship=ADA, bill=ADA)
    assert Profiles(home).buyer("home") == added
    assert stat.S_IMODE(home.profiles_file.stat().st_mode) == 0o600


def test_profiles_are_the_hunts_buyers(profiles: Profiles) -> None:
    """They fit the port without naming it."""
    buyers: Buyers = profiles
    profiles.add("home", YAML)
    assert buyers.buyer("home").ship == ADA


def test_a_bill_may_go_elsewhere(profiles: Profiles) -> None:
    """`bill` is an address of its own, whole."""
    buyer = profiles.add(
        "home", YAML + "bill: {name: Shop, street: x, city: y, postcode: z, country: NO}"
    )
    assert buyer.ship == ADA
    assert buyer.bill == Address(name="Shop", street="x", city="y", postcode="z", country="NO")
    assert profiles.buyer("home") == buyer
    assert told(SHORT + "bill: {name: x}")[0] == "6:7: bill.street: missing"


def test_json_is_read_too(profiles: Profiles) -> None:
    """With tabs, numbers, nulls and characters written as pairs of escapes."""
    street = 'a "b" \\ \\ud83d'
    data = {"name": "Ada \U0001f4da", "street": street, "city": "\u00e9"}
    data |= {"postcode": 62701, "country": "US", "phone": None, "bill": None}
    text = json.dumps(data, indent="\t")
    assert "\\ud83d\\udcda" in text
    buyer = profiles.add("home", text.encode())
    assert buyer.ship.name == "Ada \U0001f4da"
    assert buyer.ship.street == street
    assert (buyer.ship.postcode, buyer.ship.phone) == ("62701", None)
    assert profiles.buyer("home") == buyer


def test_pasted_space_is_put_right() -> None:
    """Other spaces, line ends and space around are one space."""
    read = read_profile(SHORT + 'street2: "\\u00a0x \\u2003 y\\n"\n', file="x")
    assert read.street2 == "x y"


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        (SHORT.replace("US", "UK"), "5:10: country: no country has the code UK"),
        (SHORT.replace("US", "us"), "5:10: country: no country has the code us"),
        (SHORT.replace("B", "''"), "2:9: street: is empty"),
        (SHORT.replace("B", "x" * 201), "2:9: street: is too long"),
        (SHORT + 'region: "a\\u0007"', "6:9: region: is too long or holds a control character"),
        (SHORT + "email: ada", "6:8: email: is no mail address"),
        (SHORT + "phone: [1]", "6:8: phone: should be a text"),
        (SHORT + "name: B", "6:1: name: the same key twice (the first is on line 1)"),
        (SHORT + "namex: B", "6:1: namex: unknown key (did you mean 'name'?)"),
    ],
)
def test_a_mistake_in_a_profile_has_its_place(content: str, mistake: str) -> None:
    """At the line and column of the key or of the value."""
    (only,) = told(content)
    assert only.startswith(mistake)


def test_all_mistakes_of_a_profile_come_at_once() -> None:
    """What is missing, what is unknown and what is wrong."""
    found = told(SHORT.replace("city", "town").replace("US", "UK") + "email: x\n")
    assert [each.split(": ")[1] for each in found] == ["city", "town", "country", "email"]
    needed = ["name", "street", "city", "postcode", "country"]
    assert told("") == [f"1:1: {key}: missing" for key in needed]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (SHORT + f"street2: card {CARD}", "ada.yaml:6:10: street2 "),
        (SHORT + f"payment: {{number: {CARD}}}", "ada.yaml:6:19: number "),
        (SHORT + f"cards: ['{CARD}']", "ada.yaml:6:9: cards "),
        (SHORT + f"'{CARD}': mine", "ada.yaml:6:1: a key "),
        (SHORT + f"bill: {{name: '{CARD}'}}", "ada.yaml:6:14: name "),
        (SHORT + "phone: 4242424242424242", "ada.yaml:6:8: phone "),
    ],
)
def test_a_cards_number_is_refused_wherever_it_stands(
    profiles: Profiles, content: str, place: str
) -> None:
    """In a known key, an unknown one, a list, a key itself; the number is not repeated."""
    with pytest.raises(CardNumber) as refused:
        profiles.add("home", content, file="ada.yaml")
    assert refused.value.message.startswith(place)
    assert "4242" not in f"{refused.value!r}{refused.value.hint}"
    assert profiles.names() == ()


def test_a_cards_number_in_the_file_itself_is_refused(home: Home, profiles: Profiles) -> None:
    """Whoever wrote it there: such a profile is never sent anywhere."""
    profiles.add("home", YAML)
    text = home.profiles_file.read_text().replace("1 Main St", CARD)
    write_durably(home.profiles_file, text.encode())
    with pytest.raises(CardNumber):
        profiles.buyer("home")


def test_an_unknown_profile_names_the_next_command(profiles: Profiles) -> None:
    """And the profiles that there are."""
    with pytest.raises(ProfileMissing, match="no profile 'x', and no other") as refused:
        profiles.buyer("x")
    assert refused.value.hint == "bookhunt profile add x"
    profiles.add("home", YAML)
    profiles.add("work", YAML)
    for ask in (profiles.buyer, profiles.remove, profiles.set_default):
        with pytest.raises(ProfileMissing, match="there are: home, work"):
            ask("x")


def test_an_older_profile_is_replaced_only_when_asked_for(profiles: Profiles) -> None:
    """Nobody's address is lost to a slip; its place in the list stays."""
    profiles.add("home", YAML)
    profiles.add("work", YAML)
    with pytest.raises(InputError, match="already") as refused:
        profiles.add("home", SHORT)
    assert refused.value.hint == "bookhunt profile edit home"
    assert profiles.buyer("home").ship == ADA
    profiles.add("home", SHORT, replace=True)
    assert profiles.buyer("home").ship.name == "A"
    assert profiles.names() == ("home", "work")
    assert [each.profile for each in profiles.all()] == ["home", "work"]


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 81, "\u00e9"])
def test_a_name_that_no_request_could_give_is_refused(profiles: Profiles, name: str) -> None:
    """Before anything is stored."""
    with pytest.raises(InputError, match="cannot be a profile's name"):
        profiles.add(name, YAML)


def test_the_default_is_the_named_one_else_the_configured_else_the_only_one(
    profiles: Profiles,
) -> None:
    """What `profile default` says goes first, and is forgotten with the profile."""
    assert profiles.default("home") == "home"
    profiles.add("work", YAML)
    assert profiles.default("home") == "work"
    profiles.add("gift", YAML)
    assert profiles.default("home") == "home"
    profiles.add("home", YAML)
    profiles.set_default("gift")
    assert profiles.default("home") == "gift"
    profiles.remove("gift")
    assert profiles.default("home") == "home"
    assert profiles.names() == ("work", "home")


def test_changes_on_disk_are_taken_up(home: Home, profiles: Profiles) -> None:
    """By another process, by an editor, even back to nothing; a mistake there is told at once."""
    profiles.add("home", YAML)
    Profiles(home).add("work", YAML)
    assert profiles.names() == ("home", "work")
    write_durably(home.profiles_file, b"profiles: {home: {namex: x}}\n")
    for _ in range(2):
        with pytest.raises(DocumentMistakes, match=r"profiles\.yaml:1:19: profiles\.home\.namex"):
            profiles.buyer("home")
    home.profiles_file.unlink()
    assert profiles.names() == ()


def test_an_unchanged_file_is_read_once(
    home: Home, profiles: Profiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking for a buyer costs a look at the file, not its reading."""
    profiles.add("home", YAML)
    readings: list[str] = []
    read = module.read_document

    def counted(content: bytes | str, *, file: str) -> object:
        readings.append(file)
        return read(content, file=file)

    monkeypatch.setattr(module, "read_document", counted)
    for _ in range(5):
        profiles.buyer("home")
    assert len(readings) <= 1


def test_a_wrong_file_is_never_overwritten(home: Home, profiles: Profiles) -> None:
    """What bookhunt cannot read it does not replace."""
    write_durably(home.profiles_file, b"profiles: {home: {namex: x}}\n")
    changes: list[Callable[[], object]] = [
        lambda: profiles.add("work", YAML),
        lambda: profiles.remove("home"),
        lambda: profiles.set_default("home"),
    ]
    for change in changes:
        with pytest.raises(DocumentMistakes):
            change()
    assert home.profiles_file.read_bytes() == b"profiles: {home: {namex: x}}\n"


def test_a_file_that_others_can_read_is_refused(home: Home, profiles: Profiles) -> None:
    """An address is nobody else's business; the hint closes the file."""
    profiles.add("home", YAML)
    home.profiles_file.chmod(0o644)
    with pytest.raises(UnsafePath) as refused:
        Profiles(home).buyer("home")
    assert refused.value.hint == f"chmod 600 {home.profiles_file}"


def test_a_file_that_would_be_too_large_to_read_is_not_written(
    profiles: Profiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is stored can always be read again."""
    monkeypatch.setattr(module, "LARGEST_BYTES", 300)
    profiles.add("home", YAML)
    with pytest.raises(InputError, match="would grow"):
        profiles.add("work", YAML)
    assert profiles.names() == ("home",)


_LINE = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)


_ADDRESSES = st.builds(
    replace,
    st.just(ADA),
    name=_LINE,
    street=_LINE,
    postcode=_LINE,
    street2=st.none() | _LINE,
    region=st.none() | _LINE,
    phone=st.none() | _LINE,
)


@given(_ADDRESSES)
def test_a_profile_as_text_is_the_profile(ship: Address) -> None:
    """What an editor is shown reads back as the same: NO, 1:30, ~, quotes, any script."""
    buyer = Buyer(profile="home", ship=ship, bill=ADA)
    try:
        read = read_profile(profile_text(buyer), file="x")
    except BookhuntError as refused:
        assert isinstance(refused, CardNumber)  # noqa: PT017 - chance may write one
        return
    assert read.address == ship
    assert (read.bill or read).address == ADA
