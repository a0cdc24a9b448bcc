"""The texts of `bookhunt help TOPIC`."""

from __future__ import annotations

TOPICS = {
    "exit-codes": """
Exit codes

{table}

Several books: the first of 6, 1, 2, 10, 7, 4, 75, 9, 8, 11, 3, 0 that occurred. `buy` and `wait`
end with the outcome; `status` ends with 0 when it could show what it was asked for.
""",
    "json": """
JSON

--json prints JSON Lines on stdout: one object per thing, one thing per line, a request being one
line. --fields a,b picks fields (an unknown one lists them); without --json they come as
tab-separated lines. Every object carries schema_version. Absent values are null.

  money     {"amount": "24.99", "currency": "USD"}; amounts are text, never floats
  times     2026-03-02T12:00:00.000Z
  request   request_id, book {title, isbn13}, max_price, status, resolved_seller,
            resolved_price (total), item_price, shipping, tax, order_id, delivery_estimate,
            lowest_available_price, lowest_available_seller, reason, proof, attempts, ...
  offer     seller, item, price, shipping, tax, total, condition, inventory, rank, fits, ...
  watch     id, book, max_price, schedule, timezone, next_runs, last_run, bought, copies, state, ...
  original_price, original: what the seller asks in its own currency, where that is another
  errors    on stderr: {"error": {"code", "message", "hint"}}

  bookhunt buy 9781449373320 --max-price 30 --json | jq -r .order_id
  bookhunt status --json --fields request_id,status
  bookhunt quote "The Hobbit" --json | jq -s 'map(select(.fits)) | .[0].total'

All fields of what a command prints stand in its man page (bookhunt completions install), and
--fields completes them. The daemon answers the same objects over its socket; the schema is at
/openapi.json there.
""",
    "sellers": """
Sellers

A seller is one YAML file: how to ask it for a price and how to order. No code. Your own lie in
the folder `bookhunt config path` names; one with the id of a shipped one replaces it.

  bookhunt sellers list                  who there is, how each does, and what it still needs
  bookhunt sellers login ID              its secrets, and your payment token there
  bookhunt sellers new ID                a skeleton to fill in
  bookhunt sellers test ID               checks it and replays its examples, offline
  bookhunt sellers test ID --live ISBN   sends real questions, never an order
                                         and tells what is missing to be ordered from

  bookhunt sellers pin ID 1              asked among the first, whatever its figures; auto undoes it
  bookhunt sellers disable | block ID    asked no more; blocked not even where it is named
  bookhunt sellers enable ID             asked again
  bookhunt sellers reset ID              called again though it failed a moment ago
  bookhunt feedback REQ --refunded       moves the tier of the seller that was bought from

What is pinned, disabled or blocked goes before config.yaml and the definitions:
bookhunt config show --origin.

A payment token belongs to one profile at one seller. Card numbers are refused everywhere.
The language of definitions: man 5 bookhunt-sellers, once bookhunt completions install was typed.
""",
    "pipelines": """
Pipelines

stdout carries data only; notices, progress and errors go to stderr. Off a terminal there is no
colour and every thing is one line, its cells between tabs; why nothing was bought stands on stderr,
unless --quiet. A reader that goes away (head -1) ends a command silently, with code 141.

`bookhunt buy -` reads stdin, a line each:

  The Hobbit                                       --max-price says the most
  9781449373320<TAB>24.50                          its own maximum; 24.50 EUR is in euros
  {"book": "Emma", "max_price": "8", "condition": "used"}

A JSON line may have: book or isbn, max_price, currency, profile, strategy, condition, format,
country, sellers, customer, deadline, priority, note, again, dry_run, idempotency_key. Output comes
in the order of the lines, with --unordered as books are done. A line that cannot be read is an
error of its own and does not stop the others.

  cut -f1 wishes.tsv | bookhunt buy - --max-price 20 --json > results.jsonl
  bookhunt status --state NOT_AVAILABLE --json --fields book,lowest_available_price
  bookhunt buy - --max-price 20 --idempotency-key list-7 < wishes.txt

With --idempotency-key a list can be run again: what was submitted before is not submitted twice.
""",
    "safety": """
Safety

Nothing that happens buys twice: not Ctrl-C, a crash, a lost answer, nor a command typed again.

- A purchase is written to disk, with its key, before anything is sent to a seller.
- A lost answer is not a failure: the request is IN_DOUBT until the seller's own list of orders, or
  the same key sent again, says what happened. Only then may another seller be tried.
- Where a seller offers neither, the request is NEEDS_ATTENTION: look at the seller's site, then
    bookhunt settle REQ --bought ORDER   or   bookhunt settle REQ --not-bought
- The same book within a day is a possible duplicate (exit code 1, the older id is printed) unless
  you say --again.
- Ctrl-C stops waiting, not the hunt: bookhunt wait REQ. To stop the hunt: bookhunt cancel REQ.
- bookhunt limits set --purchase 50 --day 150 bounds what is spent; bookhunt pause stops all new
  purchases at once. --dry-run does everything but the order.
- A ledger that is older than it should be (a restored backup), damaged or missing knows nothing of
  orders that were sent since. Then only searching is allowed, over restarts, too. Compare
    bookhunt status   and   bookhunt watch list
  with your orders at the sellers, cancel or edit what was bought already, then
    bookhunt resume --reconciled
""",
    "watches": """
Watches

  bookhunt watch add 9781449373320 --max-price 20 --cron "0 7 * * 1-5"
  bookhunt watch add "The Hobbit" --max-price 12 --every 6h --times 2 --until 2099-12-31
  bookhunt watch add 9781449373320 --max-price 20 --at 2099-12-01T07:00 --quote-only

A watch looks at its times and buys as soon as somebody has the book for its maximum or less:
once, or --times N, and then it rests. No restart, clock or edit makes it buy a copy twice, and
while a purchase of it is in doubt or needs you, it waits (state blocked). Limits and bookhunt pause
hold for it as for you.

Cron lines mean what Vixie cron means: minute, hour, day of month, month, day of week. Sunday is 0
and 7; names are three letters; 1-5 is Monday to Friday; */15 and 8-18/2 are steps. Where both day
fields are restricted, either will do: 0 7 13 * fri is each 13th and each Friday. There are @hourly,
@daily, @weekly, @monthly, @yearly. Steps after a single number, and lines that never run, are
refused.

What the last run came to stands in outcome: too_dear, not_found, unproven (nobody that answered
has it), cannot_ask (no seller is ready), fits, ordered, waiting, paused, done, or an error's code.

Times are those of the watch's time zone (--timezone; this machine's without it), which is shown.
When its clocks go forward, a time that is skipped (2:30) runs when the hour is over (3:00); when
they go back, a time that comes twice runs the first time only. A line whose minute or hour begins
with * follows the clock: 0 * * * * runs in every real hour. --every counts real time.

A run begins up to five minutes after its time (never more than a tenth of the time to the next
one): always as much later for one book, so that thousands of watches do not ask at once, and those
of one book ask together. What was missed while the machine slept runs once. The first run is at
once, unless --no-first-run.

Watches run while the daemon does; to have it started after a reboot:

  bookhunt daemon install

  bookhunt watch export > watches.jsonl       and import: the copies that are left
""",
    "notices": """
Notices

What becomes of a request is told to whom config.yaml names, whether a command waits for it or not:

  notify:
    - command: ["notify-send", "{title}", "{message}"]
    - to: "secret:notify/mail"
      on: [bought, needs_attention]
    - webhook: "https://hooks.example.com/bookhunt"
      secret: "secret:notify/hook"

  bookhunt notify login mail            stores what secret:notify/mail stands for
  bookhunt notify test                  tells each of them something now
  bookhunt notify list                  what waits to be told, and what was given up

on: bought, overcharged, not_available, failed, in_doubt, needs_attention, expired, price (a watched
book costs less than it ever did), seller_suspended. Without it: bought, not_available, failed,
needs_attention, price. Who hears of purchases also hears of one that was charged too much. Dry
runs, and watches that found nothing and look again, are not told.

A notice is written to disk together with what it tells of, and told at least once: after a failure
again in 5 seconds, 5 minutes, half an hour, 2 hours and so on, ten times in three days. A repeated
one has the same id.

- A webhook gets a POST, signed as standardwebhooks.com says: webhook-id, webhook-timestamp,
  webhook-signature (v1, HMAC-SHA256 of ID.TIMESTAMP.BODY). 2xx is told, 410 is given up, redirects
  are not followed. network.allow_loopback and allow_private hold for it, too.
- A command is started without a shell and gets the same JSON on stdin; {title}, {message}, {event},
  {id} and {request_id} are filled in. What does not end with 0 within 30 seconds is told again.
- to is an address of apprise, for mail, desktop and a hundred services:
  pip install 'bookhunt[notify]'
""",
    "environment": """
Environment

  BOOKHUNT_HOME                   everything under this folder: configuration, sellers, data, logs
  BOOKHUNT_<SECTION>_<KEY>        a setting, before the file: BOOKHUNT_SEARCH_DEADLINE_S=8
  BOOKHUNT_SECRET_<NAME>_FILE     a file that holds a secret: BOOKHUNT_SECRET_AMBERSIDE_API_KEY_FILE
  CREDENTIALS_DIRECTORY           systemd's; secrets are found there first
  VISUAL, EDITOR                  what `config edit` and `profile edit` open
  NO_COLOR                        no colour; --color goes before it
  XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_RUNTIME_DIR, XDG_STATE_HOME
                                  where things lie without BOOKHUNT_HOME

  bookhunt config path            where things lie now
  bookhunt config show --origin   what is set, and by whom
""",
}
