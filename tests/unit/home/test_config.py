"""The configuration: every default, every origin, every mistake at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.documents import DocumentMistakes, Mistake, Place
from bookhunt.home.config import Config, ConfigFile, load_config
from bookhunt.home.durable import write_durably
from bookhunt.home.settings import Backend, Command, Event, Mail, Webhook, WhenFull
from bookhunt.model.errors import BadMoney, UnsafePath
from bookhunt.model.money import Money
from bookhunt.model.request import ConditionWish, FormatWish, Strategy

if TYPE_CHECKING:
    from bookhunt.home.paths import Home

EVERYTHING = """\
defaults:   {profile: work, currency: EUR, country: DE, condition: new, format: ebook, \
strategy: tiers, timeout_s: 30}
search:     {deadline_s: 4, call_value: 0.003, floor_ratio: 0.3, min_stock_for_cache: 100, \
shadow_new_sellers: true}
tiers:      {sizes: [0.1, 0.3, 0.6], patience_s: 1, grace_ms: 100, margin: 0.20}
limits:     {EUR: {purchase: "50", day: "90.50", month: null}, JPY: {purchase: 5000}}
throttle:   {in_flight: 100, per_seller: 10, queue: 20, when_full: degrade, \
per_customer_per_min: null, owner_per_min: 9, regions: {AU: 5000}, classes: {gold: 2}, \
customers: {jane: gold}}
network:    {allow_private: true, allow_loopback: true, proxy: "http://proxy:3128", \
ca_file: /ca.pem}
fx:         {rates: {GBP: "1.17"}, source: ecb, margin: 0.05, max_age_h: 1}
notify:
  - {to: "secret:notify/mail", on: [bought, needs_attention]}
  - {webhook: "https://hooks.example/x", secret: "secret:notify/hook"}
  - {webhook: "secret:notify/slack"}
  - {command: ["notify-send", "{title}"]}
secrets:    {backend: command, command: [pass, show, "bookhunt/{name}"]}
telemetry:  {log_level: debug, metrics_port: 9000, record: false, sample: 1, keep_days: 1, \
keep_mb: 10, \
otlp_endpoint: "http://127.0.0.1:4318", otlp_headers: {x-api-key: "secret:notify/otlp"}}
daemon:     {autostart: false, idle_exit_min: 5}
sellers:    {booktopia: {store: "2", regions: [a, b]}, example: {enabled: false}}
storage:    {ledger: sqlite, shared: memory}
"""


def load(home: Home, text: str | None = None, **environ: str) -> Config:
    if text is not None:
        home.config_file.write_text(text, "utf-8")
    return load_config(home, environ)


def mistakes_of(home: Home, text: str, **environ: str) -> tuple[Mistake, ...]:
    with pytest.raises(DocumentMistakes) as refused:
        load(home, text, **environ)
    return refused.value.mistakes


def values_of(config: Config) -> dict[str, object]:
    return {each.name: each.value for each in config.effective()}


@pytest.mark.parametrize("text", [None, "", "# all as it comes\n", "search:\nlimits:\nnotify:\n"])
def test_an_absent_or_empty_file_is_a_working_configuration(home: Home, text: str | None) -> None:
    """Every key has a default, and it is the manual's."""
    assert values_of(load(home, text)) == {
        "defaults.profile": "home",
        "defaults.currency": "USD",
        "defaults.country": "US",
        "defaults.condition": "any",
        "defaults.format": "paper",
        "defaults.strategy": "balanced",
        "defaults.timeout_s": 60,
        "search.deadline_s": 5,
        "search.call_value": None,
        "search.floor_ratio": 0.2,
        "search.min_stock_for_cache": 0,
        "search.shadow_new_sellers": False,
        "tiers.sizes": [0.2, 0.3, 0.5],
        "tiers.patience_s": 1.5,
        "tiers.grace_ms": 200,
        "tiers.margin": 0.1,
        "limits": {},
        "throttle.in_flight": 500,
        "throttle.per_seller": 50,
        "throttle.queue": 1000,
        "throttle.when_full": "reject",
        "throttle.per_customer_per_min": 10,
        "throttle.owner_per_min": None,
        "throttle.regions": {},
        "throttle.classes.gold": 3,
        "throttle.classes.silver": 2,
        "throttle.classes.free": 1,
        "throttle.customers": {},
        "network.allow_private": False,
        "network.allow_loopback": False,
        "network.proxy": None,
        "network.ca_file": None,
        "fx.rates": {},
        "fx.source": None,
        "fx.margin": 0.02,
        "fx.max_age_h": 72,
        "notify": [],
        "secrets.backend": "keyring",
        "secrets.command": [],
        "telemetry.log_level": "info",
        "telemetry.metrics_port": None,
        "telemetry.record": True,
        "telemetry.sample": 0.01,
        "telemetry.keep_days": 7,
        "telemetry.keep_mb": 500,
        "telemetry.otlp_endpoint": None,
        "telemetry.otlp_headers": {},
        "daemon.autostart": True,
        "daemon.idle_exit_min": None,
        "sellers": {},
        "storage.ledger": "sqlite",
        "storage.shared": "memory",
    }


def test_without_any_file_all_is_default() -> None:
    """A configuration built in memory says so of every value."""
    assert {str(each.origin) for each in Config().effective()} == {"default"}


def test_every_key_can_be_set(home: Home) -> None:
    """Text becomes what each key means."""
    config = load(home, EVERYTHING)
    assert config.defaults.condition is ConditionWish.NEW
    assert config.defaults.format is FormatWish.EBOOK
    assert config.defaults.strategy is Strategy.TIERS
    assert config.throttle.when_full is WhenFull.DEGRADE
    assert (config.throttle.per_customer_per_min, config.throttle.owner_per_min) == (None, 9)
    assert config.notify == (
        Mail(to="secret:notify/mail", on=(Event.BOUGHT, Event.NEEDS_ATTENTION)),
        Webhook(webhook="https://hooks.example/x", secret="secret:notify/hook"),
        Webhook(webhook="secret:notify/slack"),
        Command(command=("notify-send", "{title}")),
    )
    assert config.secrets.backend is Backend.COMMAND
    assert config.sellers["booktopia"].settings == {"store": "2", "regions": ["a", "b"]}
    assert not config.sellers["example"].enabled
    untouched = [
        each.name
        for each in config.effective()
        if str(each.origin) == "default" and each.name != "sellers.booktopia.enabled"
    ]
    assert untouched == ["limits.JPY.day", "limits.JPY.month"]


def test_limits_are_money_of_their_currency(home: Home) -> None:
    """An amount not said is the default's, null is none, and a currency not named has defaults."""
    config = load(home, EVERYTHING)
    euro, yen, dollar = (config.spending_limits(each) for each in ("EUR", "JPY", "USD"))
    assert (euro.purchase, euro.day, euro.month) == (Money(5000, "EUR"), Money(9050, "EUR"), None)
    assert (yen.purchase, yen.day) == (Money(5000, "JPY"), Money(200, "JPY"))
    assert (dollar.purchase, dollar.day, dollar.month) == (
        Money(10000, "USD"),
        Money(20000, "USD"),
        None,
    )
    with pytest.raises(BadMoney):
        config.spending_limits("XXX")


@pytest.mark.parametrize(
    ("text", "where", "path", "message", "hint"),
    [
        ("searches: {}", "1:1", "searches", "unknown key", "did you mean 'search'?"),
        (
            "search:\n  deadline: 5",
            "2:3",
            "search.deadline",
            "unknown key",
            "did you mean 'deadline_s'?",
        ),
        ("search: {deadline_s: 0}", "1:22", "search.deadline_s", "should be greater than 0", None),
        ("search: {deadline_s: null}", "1:22", "search.deadline_s", "should be a number", None),
        (
            "tiers: {sizes: [0.5, 0.6, 0.7]}",
            "1:16",
            "tiers.sizes",
            "the three parts should add up to 1",
            None,
        ),
        (
            "throttle: {customers: {jane: gold, bob: platinum}}",
            "1:41",
            "throttle.customers.bob",
            "there is no class platinum",
            "throttle.classes has: gold, silver, free",
        ),
        (
            "daemon: {autostart: yes}",
            "1:21",
            "daemon.autostart",
            "should be true or false, not 'yes'",
            None,
        ),
        (
            "defaults: {currency: usd}",
            "1:22",
            "defaults.currency",
            "'usd' is not a currency that ISO 4217 lists",
            "use a three-letter code in upper case, for example USD",
        ),
        (
            "defaults: {country: UK}",
            "1:21",
            "defaults.country",
            "no country has the code UK",
            "did you mean GB?",
        ),
        (
            "defaults: {profile: a b}",
            "1:21",
            "defaults.profile",
            "'a b' cannot be a profile's name",
            "use up to 80 letters, digits and . _ - @ :",
        ),
        (
            "limits: {usd: {}}",
            "1:10",
            "limits.usd",
            "'usd' is not a currency that ISO 4217 lists",
            "use a three-letter code in upper case, for example USD",
        ),
        (
            'limits: {USD: {day: "-5"}}',
            "1:21",
            "limits.USD.day",
            "'-5' is not an amount of money",
            "write it as 24.99, without a sign",
        ),
        (
            "fx: {rates: {EUR: 0}}",
            "1:19",
            "fx.rates.EUR",
            "'0' is not a rate",
            'write it as "1.08"',
        ),
        (
            "notify: [{to: me@example.test}]",
            "1:15",
            "notify[0].to",
            "names no secret",
            'secrets are named, never written: "secret:notify/x"',
        ),
        (
            "notify: [{webhook: 'ftp://x'}]",
            "1:20",
            "notify[0].webhook",
            "is not an http or https address",
            None,
        ),
        (
            "network: {proxy: 'http://u:p@x'}",
            "1:18",
            "network.proxy",
            "holds a user or a password",
            "secrets are never in the configuration",
        ),
        (
            "telemetry: {otlp_endpoint: 'https://u:p@x'}",
            "1:28",
            "telemetry.otlp_endpoint",
            "holds a user or a password",
            "secrets are never in the configuration",
        ),
        (
            "telemetry: {otlp_headers: {x-api-key: abcdef}}",
            "1:39",
            "telemetry.otlp_headers.x-api-key",
            "names no secret",
            'secrets are named, never written: "secret:notify/x"',
        ),
        (
            "telemetry: {otlp_headers: {Content-Type: 'secret:notify/x'}}",
            "1:28",
            "telemetry.otlp_headers.Content-Type",
            "'Content-Type' is no header that can be added",
            "for example x-api-key",
        ),
        (
            "sellers: {Shop: {}}",
            "1:11",
            "sellers.Shop",
            "'Shop' cannot be a seller's id",
            "use lower-case letters, digits, - and _",
        ),
        (
            "secrets: {command: [x]}",
            "1:20",
            "secrets.command",
            "only the backend `command` has a program",
            None,
        ),
        (
            "secrets: {backend: command, command: [x]}",
            "1:38",
            "secrets.command",
            "the backend `command` needs the program, with {name} where the secret's name goes",
            'command: [pass, show, "bookhunt/{name}"]',
        ),
        (
            "secrets: {backend: plain}",
            "1:20",
            "secrets.backend",
            "'plain' is not possible here",
            "one of: keyring, file, command",
        ),
    ],
)
def test_a_mistake_has_its_file_line_and_column(
    home: Home, text: str, where: str, path: str, message: str, hint: str | None
) -> None:
    """Closed like the seller language, and each mistake says what was meant."""
    (mistake,) = mistakes_of(home, text)
    assert mistake.file == str(home.config_file)
    assert f"{mistake.line}:{mistake.column}" == where
    assert (mistake.path, mistake.message, mistake.hint) == (path, message, hint)


def test_amounts_of_several_currencies_are_all_told(home: Home) -> None:
    """Each by the digits that its own currency has."""
    text = 'limits:\n  JPY: {purchase: "10.5", day: x}\n  EUR: {month: "1.234"}\n'
    paths = [each.path for each in mistakes_of(home, text)]
    assert paths == ["limits.JPY.purchase", "limits.JPY.day", "limits.EUR.month"]


def test_a_secret_in_an_address_is_not_repeated(home: Home) -> None:
    """A password written by mistake stays in the file."""
    text = "network: {proxy: 'http://u:hunter2@x'}\nnotify: [{to: hunter2}]\n"
    assert "hunter2" not in str(mistakes_of(home, text))


def test_the_environment_goes_before_the_file(home: Home) -> None:
    """One variable for each key; lists and mappings in YAML; an empty one counts as not set."""
    config = load(
        home,
        "search: {deadline_s: 4, floor_ratio: 0.1}\nsellers: {book-topia: {store: 1}}\n",
        BOOKHUNT_SEARCH_DEADLINE_S="2.5",
        BOOKHUNT_SEARCH_FLOOR_RATIO="",
        BOOKHUNT_NETWORK_ALLOW_LOOPBACK="true",
        BOOKHUNT_TIERS_SIZES="[0.1, 0.1, 0.8]",
        BOOKHUNT_THROTTLE_REGIONS="{AU: 7}",
        BOOKHUNT_THROTTLE_OWNER_PER_MIN="null",
        BOOKHUNT_LIMITS_EUR="{purchase: '5'}",
        BOOKHUNT_SELLERS_BOOK_TOPIA="{store: 2}",
        BOOKHUNT_SELLERS_OTHER="{enabled: false}",
    )
    assert config.search.deadline_s == 2.5
    assert config.search.floor_ratio == 0.1
    assert config.network.allow_loopback
    assert config.tiers.sizes == (0.1, 0.1, 0.8)
    assert config.throttle.regions == {"AU": 7}
    assert config.spending_limits("EUR").purchase == Money(500, "EUR")
    assert config.sellers["book-topia"].settings == {"store": "2"}
    assert not config.sellers["other"].enabled


def test_other_variables_are_none_of_the_configurations(home: Home) -> None:
    """The home, secrets' files, test switches and other programs' variables are left alone."""
    load(
        home,
        "",
        BOOKHUNT_HOME="/x",
        BOOKHUNT_SECRET_ALPHA_KEY_FILE="/x",
        BOOKHUNT_TESTING="1",
        SEARCH_DEADLINE_S="x",
        bookhunt_search_deadline="x",
    )


@pytest.mark.parametrize(
    ("name", "value", "path", "message", "hint"),
    [
        (
            "BOOKHUNT_SEARCH_DEADLINE",
            "1",
            "search",
            "sets no key of `search`",
            "did you mean 'BOOKHUNT_SEARCH_DEADLINE_S'?",
        ),
        (
            "BOOKHUNT_NOTIFY_0",
            "x",
            "notify",
            "cannot be set from the environment",
            "write it in the file",
        ),
        ("BOOKHUNT_SEARCH_DEADLINE_S", "soon", "search.deadline_s", "should be a number", None),
        (
            "BOOKHUNT_DEFAULTS_CONDITION",
            "newx",
            "defaults.condition",
            "'newx' is not possible here",
            "did you mean 'new'? one of: new, used, any",
        ),
        ("BOOKHUNT_TIERS_SIZES", "[1]\nfoo: 1", "", "is more than one value", None),
        (
            "BOOKHUNT_LIMITS_EUR",
            "{day: x}",
            "limits.EUR.day",
            "'x' is not an amount of money",
            "write it as 24.99, without a sign",
        ),
    ],
)
def test_a_mistake_in_a_variable_names_the_variable(
    home: Home, name: str, value: str, path: str, message: str, hint: str | None
) -> None:
    """It is held to the same schema as the file."""
    (mistake,) = mistakes_of(home, "", **{name: value})
    assert (mistake.file, mistake.line, mistake.column) == (f"environment {name}", 1, 1)
    assert (mistake.path, mistake.message, mistake.hint) == (path, message, hint)


def test_mistakes_of_the_file_and_of_variables_come_at_once(home: Home) -> None:
    """Nobody corrects one to be told of the other."""
    found = mistakes_of(home, "foo: 1\n", BOOKHUNT_SEARCH_X="1", BOOKHUNT_SEARCH_DEADLINE_S="x")
    assert len(found) == 3


def test_every_value_says_where_it_is_from(home: Home) -> None:
    """`default`, `FILE:LINE` or `environment NAME`."""
    config = load(
        home,
        "search:\n  floor_ratio: 0.1\nlimits:\n  EUR: {day: '5'}\nsellers:\n  a: {x: 1}\n",
        BOOKHUNT_SEARCH_DEADLINE_S="2",
    )
    origins = {each.name: str(each.origin) for each in config.effective()}
    file = home.config_file
    assert origins["search.deadline_s"] == "environment BOOKHUNT_SEARCH_DEADLINE_S"
    assert origins["search.floor_ratio"] == f"{file}:2"
    assert origins["search.call_value"] == "default"
    assert origins["limits.EUR.day"] == f"{file}:4"
    assert origins["limits.EUR.purchase"] == "default"
    assert origins["sellers.a.x"] == f"{file}:6"
    assert config.place(("sellers", "a", "x")) == Place(str(file), 6, 10)
    assert config.place(("search", "call_value")) is None


def test_what_changed_is_told_with_whether_a_restart_is_needed(home: Home) -> None:
    """What was set, what is set now, and what a running daemon does not take up."""
    before = load(home, "search: {deadline_s: 4}\nsellers: {a: {x: 1}}\n")
    after = load(home, "network: {allow_loopback: true}\ndefaults: {country: DE}\n")
    changes = {each.name: each for each in after.changes_since(before)}
    assert set(changes) == {
        "search.deadline_s", "network.allow_loopback", "defaults.country", "sellers",
        "sellers.a.enabled", "sellers.a.x",
    }  # fmt: skip
    assert (changes["search.deadline_s"].before, changes["search.deadline_s"].after) == (4, 5)
    assert changes["network.allow_loopback"].after_restart
    assert not changes["defaults.country"].after_restart
    assert changes["sellers.a.x"].after is None
    assert after.changes_since(after) == ()


def test_a_changed_file_is_taken_up_and_a_wrong_one_is_not(home: Home) -> None:
    """A running process keeps the last configuration that was right, and tells a mistake once."""
    file = ConfigFile(home)
    assert file.refresh() == ()
    write_durably(home.config_file, b"search: {deadline_s: 4}\n")
    assert [each.name for each in file.refresh()] == ["search.deadline_s"]
    write_durably(home.config_file, b"search: {deadline_s: x}\n")
    with pytest.raises(DocumentMistakes):
        file.refresh()
    assert file.config.search.deadline_s == 4
    assert file.refresh() == ()
    home.config_file.unlink()
    assert [each.after for each in file.refresh()] == [5]


def test_a_file_that_others_can_write_is_refused(home: Home) -> None:
    """It names programs that are run as its owner; a link to a file of one's own is fine."""
    real = home.data_dir / "elsewhere.yaml"
    real.write_text("search: {deadline_s: 4}\n")
    home.config_file.symlink_to(real)
    assert load(home).search.deadline_s == 4
    real.chmod(0o666)
    with pytest.raises(UnsafePath, match="mode 0666"):
        load(home)


def test_a_configuration_never_changes(home: Home) -> None:
    """What was read is what is in force."""
    config = load(home)
    with pytest.raises(ValueError, match="frozen"):
        config.search.deadline_s = 1
