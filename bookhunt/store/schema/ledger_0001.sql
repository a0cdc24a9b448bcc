-- The ledger: what was asked, what was ordered, what it may cost.
--
-- The rules of purchase-safety stand here a second time, as constraints and triggers, so that a
-- bug in the program is refused by the file. Times are microseconds since 1970, UTC; money is
-- minor units with a currency; JSON is what bookhunt/store/values.py writes. Nothing is ever
-- deleted. A row changes only with version + 1, and a finished row never.

CREATE TABLE meta (          -- schema, ledger (its own name), epoch, wall_us, paused, safe_mode
  name  TEXT PRIMARY KEY,
  value ANY
) STRICT, WITHOUT ROWID;

CREATE TRIGGER meta_epoch BEFORE UPDATE ON meta
WHEN OLD.name = 'epoch' AND NEW.value < OLD.value
BEGIN SELECT RAISE(ABORT, 'an epoch never comes again'); END;

CREATE TABLE request_move (  -- the moves of model.request.REQUEST_MOVES, filled at every opening
  before TEXT NOT NULL,
  after  TEXT NOT NULL,
  PRIMARY KEY (before, after)
) STRICT, WITHOUT ROWID;

CREATE TABLE stage_move (    -- the moves of model.purchase.STAGE_MOVES, filled at every opening
  before TEXT NOT NULL,
  after  TEXT NOT NULL,
  PRIMARY KEY (before, after)
) STRICT, WITHOUT ROWID;


-- ------------------------------------------------------------------------------------- requests
CREATE TABLE request (
  id               TEXT PRIMARY KEY,
  id_reversed      TEXT NOT NULL UNIQUE,   -- so that the end of an id is found by an index
  customer         TEXT NOT NULL,
  idempotency_key  TEXT NOT NULL,
  fingerprint      TEXT NOT NULL,          -- of the body the key came with
  book             TEXT NOT NULL,          -- model.book.Book.identity
  profile          TEXT NOT NULL,
  max_minor        INTEGER NOT NULL CHECK (max_minor > 0),
  currency         TEXT NOT NULL,
  dry_run          INTEGER NOT NULL CHECK (dry_run IN (0, 1)),
  watch_id         TEXT,
  body             TEXT NOT NULL CHECK (json_valid(body)),
  submitted_us     INTEGER NOT NULL,
  state            TEXT NOT NULL CHECK (state IN (
    'PENDING', 'PROCESSING', 'RESOLVED', 'IN_DOUBT', 'NEEDS_ATTENTION', 'SUCCESS',
    'NOT_AVAILABLE', 'PURCHASE_FAILED', 'CANCELLED', 'EXPIRED', 'DRY_RUN')),
  version          INTEGER NOT NULL,
  cancel_requested INTEGER NOT NULL CHECK (cancel_requested IN (0, 1)),
  result           TEXT NOT NULL CHECK (json_valid(result)),
  finished_us      INTEGER,
  UNIQUE (customer, idempotency_key),
  CHECK ((finished_us IS NULL) = (state IN (
    'PENDING', 'PROCESSING', 'RESOLVED', 'IN_DOUBT', 'NEEDS_ATTENTION')))
) STRICT;

CREATE INDEX request_by_book ON request (customer, profile, book);
CREATE INDEX request_by_time ON request (submitted_us, id);
CREATE INDEX request_by_state ON request (state, submitted_us, id);
CREATE INDEX request_unfinished ON request (id) WHERE finished_us IS NULL;

CREATE TRIGGER request_begins_pending BEFORE INSERT ON request
WHEN NEW.state <> 'PENDING' OR NEW.version <> 1
BEGIN SELECT RAISE(ABORT, 'a request begins as PENDING, version 1'); END;

CREATE TRIGGER request_moves BEFORE UPDATE OF state ON request
WHEN NEW.state <> OLD.state
 AND NOT EXISTS (SELECT 1 FROM request_move WHERE before = OLD.state AND after = NEW.state)
BEGIN SELECT RAISE(ABORT, 'no such move of a request'); END;

CREATE TRIGGER request_version BEFORE UPDATE ON request
WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'a change of a request is its next version'); END;

CREATE TRIGGER request_finished BEFORE UPDATE ON request
WHEN OLD.finished_us IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a finished request never changes'); END;

CREATE TRIGGER request_immutable BEFORE UPDATE OF
  id, id_reversed, customer, idempotency_key, fingerprint, book, profile, max_minor, currency,
  dry_run, watch_id, body, submitted_us ON request
BEGIN SELECT RAISE(ABORT, 'what was asked never changes'); END;

CREATE TRIGGER request_keeps_cancellation BEFORE UPDATE OF cancel_requested ON request
WHEN OLD.cancel_requested = 1 AND NEW.cancel_requested = 0
BEGIN SELECT RAISE(ABORT, 'a cancellation is never forgotten'); END;

CREATE TRIGGER request_cancelled_ends BEFORE UPDATE OF state ON request
WHEN OLD.cancel_requested = 1 AND NEW.state = 'PROCESSING'
BEGIN SELECT RAISE(ABORT, 'a cancelled request is not hunted on'); END;

CREATE TRIGGER request_dry_run BEFORE UPDATE OF state ON request
WHEN (NEW.state = 'DRY_RUN' AND OLD.dry_run = 0) OR (NEW.state = 'SUCCESS' AND OLD.dry_run = 1)
BEGIN SELECT RAISE(ABORT, 'a dry run ends as one, and nothing else does'); END;

CREATE TRIGGER request_kept BEFORE DELETE ON request
BEGIN SELECT RAISE(ABORT, 'requests are kept for ever'); END;


-- ------------------------------------------------------------------------------------- attempts
CREATE TABLE attempt (
  id               TEXT PRIMARY KEY,
  request_id       TEXT NOT NULL REFERENCES request (id),
  seller           TEXT NOT NULL,
  item             TEXT NOT NULL,          -- the seller's own name of the copy
  offer            TEXT NOT NULL CHECK (json_valid(offer)),
  key              TEXT NOT NULL UNIQUE,
  reference        TEXT NOT NULL UNIQUE,
  definition_hash  TEXT NOT NULL,
  profile          TEXT NOT NULL,
  max_minor        INTEGER NOT NULL,
  currency         TEXT NOT NULL,
  stage            TEXT NOT NULL CHECK (stage IN (
    'prepared', 'sending', 'placed', 'unknown', 'manual', 'confirmed', 'refused', 'not_sent',
    'absent', 'abandoned')),
  version          INTEGER NOT NULL,
  agreed_minor     INTEGER CHECK (agreed_minor BETWEEN 1 AND max_minor),
  frozen           TEXT,                   -- the exact request, secrets as references
  body_hash        TEXT,
  sends            INTEGER NOT NULL,
  first_sent_us    INTEGER,
  last_sent_us     INTEGER,
  not_found        INTEGER NOT NULL,
  checks           INTEGER NOT NULL,
  next_check_us    INTEGER,
  order_id         TEXT,
  charged_minor    INTEGER,
  charged_currency TEXT,
  delivery         TEXT,
  answer           TEXT,
  detail           TEXT,
  created_us       INTEGER NOT NULL,
  finished_us      INTEGER,
  CHECK ((finished_us IS NULL) = (stage IN (
    'prepared', 'sending', 'placed', 'unknown', 'manual'))),
  CHECK (stage IN ('prepared', 'abandoned')
    OR (frozen IS NOT NULL AND body_hash IS NOT NULL AND agreed_minor IS NOT NULL
        AND sends > 0 AND first_sent_us IS NOT NULL)),
  CHECK ((charged_minor IS NULL) = (charged_currency IS NULL))
) STRICT;

-- One order may stand for a request: never a second attempt beside an open or a won one.
CREATE UNIQUE INDEX one_live_attempt ON attempt (request_id)
WHERE stage IN ('prepared', 'sending', 'placed', 'unknown', 'manual', 'confirmed');
-- Two attempts never own one order.
CREATE UNIQUE INDEX one_order ON attempt (seller, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX attempt_by_request ON attempt (request_id);
CREATE INDEX attempt_open ON attempt (id) WHERE finished_us IS NULL;

CREATE TRIGGER attempt_begins_prepared BEFORE INSERT ON attempt
WHEN NEW.stage <> 'prepared' OR NEW.version <> 1 OR NEW.frozen IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an attempt begins as prepared, version 1'); END;

CREATE TRIGGER attempt_is_wanted BEFORE INSERT ON attempt
WHEN NOT EXISTS (SELECT 1 FROM request
  WHERE id = NEW.request_id AND state = 'PROCESSING' AND cancel_requested = 0
    AND profile = NEW.profile AND max_minor = NEW.max_minor AND currency = NEW.currency)
BEGIN SELECT RAISE(ABORT, 'no request wants this attempt'); END;

CREATE TRIGGER attempt_moves BEFORE UPDATE OF stage ON attempt
WHEN NEW.stage <> OLD.stage
 AND NOT EXISTS (SELECT 1 FROM stage_move WHERE before = OLD.stage AND after = NEW.stage)
BEGIN SELECT RAISE(ABORT, 'no such move of an attempt'); END;

CREATE TRIGGER attempt_version BEFORE UPDATE ON attempt
WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'a change of an attempt is its next version'); END;

CREATE TRIGGER attempt_finished BEFORE UPDATE ON attempt
WHEN OLD.finished_us IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a finished attempt never changes'); END;

CREATE TRIGGER attempt_immutable BEFORE UPDATE OF
  id, request_id, seller, item, offer, key, reference, definition_hash, profile, max_minor,
  currency, created_us ON attempt
BEGIN SELECT RAISE(ABORT, 'what was intended never changes'); END;

CREATE TRIGGER attempt_frozen BEFORE UPDATE OF frozen, body_hash, agreed_minor, first_sent_us
ON attempt WHEN OLD.frozen IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'what was sent never changes'); END;

CREATE TRIGGER attempt_of_dry_run BEFORE UPDATE OF stage ON attempt
WHEN NEW.stage = 'sending'
 AND EXISTS (SELECT 1 FROM request WHERE id = NEW.request_id AND dry_run = 1)
BEGIN SELECT RAISE(ABORT, 'a dry run is never sent'); END;

CREATE TRIGGER attempt_kept BEFORE DELETE ON attempt
BEGIN SELECT RAISE(ABORT, 'attempts are kept for ever'); END;

-- A request is a success exactly where an order stands, and never ends while one may.
CREATE TRIGGER request_success_is_bought BEFORE UPDATE OF state ON request
WHEN NEW.state = 'SUCCESS'
 AND NOT EXISTS (SELECT 1 FROM attempt WHERE request_id = NEW.id AND stage = 'confirmed')
BEGIN SELECT RAISE(ABORT, 'a success without a confirmed order'); END;

CREATE TRIGGER request_leaves_no_order BEFORE UPDATE OF state ON request
WHEN NEW.state IN ('PROCESSING', 'NOT_AVAILABLE', 'PURCHASE_FAILED', 'CANCELLED', 'EXPIRED',
                   'DRY_RUN')
 AND EXISTS (SELECT 1 FROM attempt WHERE request_id = NEW.id AND stage IN (
   'prepared', 'sending', 'placed', 'unknown', 'manual', 'confirmed'))
BEGIN SELECT RAISE(ABORT, 'an order may stand: the request cannot end or go on'); END;

CREATE TRIGGER request_resolved_has_attempt BEFORE UPDATE OF state ON request
WHEN NEW.state IN ('RESOLVED', 'IN_DOUBT', 'NEEDS_ATTENTION')
 AND NOT EXISTS (SELECT 1 FROM attempt WHERE request_id = NEW.id AND finished_us IS NULL)
BEGIN SELECT RAISE(ABORT, 'no attempt is open'); END;


-- --------------------------------------------------------------------------------------- claims
CREATE TABLE offer_epoch (   -- what is known of an offer's stock since its latest observation
  seller   TEXT NOT NULL,
  item     TEXT NOT NULL,
  epoch    INTEGER NOT NULL CHECK (epoch > 0),
  cap      INTEGER NOT NULL CHECK (cap >= 0),   -- units that may be claimed
  known    INTEGER NOT NULL CHECK (known IN (0, 1)),  -- 0: the seller does not say how many
  asked_us INTEGER NOT NULL,                    -- when the seller was asked, not when it answered
  PRIMARY KEY (seller, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE claim (         -- a unit of a seller's stock: the deterministic purchase key
  attempt_id TEXT PRIMARY KEY REFERENCES attempt (id),
  seller     TEXT NOT NULL,
  item       TEXT NOT NULL,
  epoch      INTEGER NOT NULL,
  slot       INTEGER NOT NULL CHECK (slot > 0),
  state      TEXT NOT NULL CHECK (state IN ('held', 'used', 'released')),
  done_us    INTEGER,
  FOREIGN KEY (seller, item) REFERENCES offer_epoch (seller, item),
  CHECK ((done_us IS NULL) = (state = 'held'))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX one_slot ON claim (seller, item, epoch, slot)
WHERE state IN ('held', 'used');
CREATE INDEX claim_live ON claim (seller, item, state, done_us)
WHERE state IN ('held', 'used');

-- A used unit counts until an observation asked after it was bought: then the seller counts it.
CREATE TRIGGER claim_within_stock BEFORE INSERT ON claim
WHEN NOT EXISTS (
  SELECT 1 FROM offer_epoch AS e
  WHERE e.seller = NEW.seller AND e.item = NEW.item AND e.epoch = NEW.epoch AND NEW.slot <= e.cap
    AND e.cap > (
      SELECT count(*) FROM claim AS c
      WHERE c.seller = NEW.seller AND c.item = NEW.item
        AND (c.state = 'held' OR (c.state = 'used' AND c.done_us >= e.asked_us))))
BEGIN SELECT RAISE(ABORT, 'more claims than copies'); END;

CREATE TRIGGER claim_state BEFORE UPDATE OF state ON claim
WHEN OLD.state <> 'held' OR NEW.state = 'held'
BEGIN SELECT RAISE(ABORT, 'a claim is used or released once'); END;

CREATE TRIGGER claim_follows_attempt BEFORE UPDATE OF state ON claim
WHEN NOT EXISTS (SELECT 1 FROM attempt WHERE id = NEW.attempt_id AND CASE NEW.state
  WHEN 'used' THEN stage = 'confirmed'
  ELSE stage IN ('refused', 'not_sent', 'absent', 'abandoned') END)
BEGIN SELECT RAISE(ABORT, 'a claim ends as its attempt does'); END;

CREATE TRIGGER attempt_is_claimed BEFORE UPDATE OF stage ON attempt
WHEN NEW.stage = 'sending'
 AND NOT EXISTS (SELECT 1 FROM claim WHERE attempt_id = NEW.id AND state = 'held')
BEGIN SELECT RAISE(ABORT, 'nothing is sent without a claim'); END;

CREATE TRIGGER claim_immutable BEFORE UPDATE OF attempt_id, seller, item, epoch, slot ON claim
BEGIN SELECT RAISE(ABORT, 'a claim never changes what it claims'); END;

CREATE TRIGGER claim_kept BEFORE DELETE ON claim
BEGIN SELECT RAISE(ABORT, 'claims are kept for ever'); END;


-- -------------------------------------------------------------------------------------- budgets
CREATE TABLE spending_limit (  -- set by the customer; a currency without a row has the default
  currency       TEXT PRIMARY KEY,
  purchase_minor INTEGER CHECK (purchase_minor >= 0),
  day_minor      INTEGER CHECK (day_minor >= 0),
  month_minor    INTEGER CHECK (month_minor >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE budget (        -- one row per currency and UTC day ('2026-03-02') or month ('2026-03')
  currency       TEXT NOT NULL,
  period         TEXT NOT NULL,
  cap_minor      INTEGER,    -- NULL: no limit
  reserved_minor INTEGER NOT NULL CHECK (reserved_minor >= 0),
  spent_minor    INTEGER NOT NULL CHECK (spent_minor >= 0),
  PRIMARY KEY (currency, period),
  CHECK (cap_minor IS NULL OR reserved_minor + spent_minor <= cap_minor)
) STRICT, WITHOUT ROWID;

CREATE TABLE reservation (   -- what an attempt holds of the budgets of the day of its intent
  attempt_id TEXT PRIMARY KEY REFERENCES attempt (id),
  currency   TEXT NOT NULL,
  day        TEXT NOT NULL,
  month      TEXT NOT NULL,
  minor      INTEGER NOT NULL CHECK (minor > 0),
  state      TEXT NOT NULL CHECK (state IN ('held', 'spent', 'released'))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER reservation_state BEFORE UPDATE ON reservation
WHEN OLD.state <> 'held'
BEGIN SELECT RAISE(ABORT, 'a reservation is spent or given back once'); END;

CREATE TRIGGER reservation_follows_attempt BEFORE UPDATE OF state ON reservation
WHEN NEW.state <> 'held'
 AND NOT EXISTS (SELECT 1 FROM attempt WHERE id = NEW.attempt_id AND CASE NEW.state
  WHEN 'spent' THEN stage = 'confirmed'
  ELSE stage IN ('refused', 'not_sent', 'absent', 'abandoned') END)
BEGIN SELECT RAISE(ABORT, 'a reservation ends as its attempt does'); END;

CREATE TRIGGER reservation_amount BEFORE UPDATE OF minor ON reservation
WHEN NEW.minor <> OLD.minor
 AND NOT EXISTS (SELECT 1 FROM attempt WHERE id = NEW.attempt_id AND stage = 'prepared')
BEGIN SELECT RAISE(ABORT, 'what is reserved changes only before it is sent'); END;

CREATE TRIGGER reservation_immutable BEFORE UPDATE OF attempt_id, currency, day, month
ON reservation
BEGIN SELECT RAISE(ABORT, 'a reservation never changes what it is for'); END;

CREATE TRIGGER reservation_kept BEFORE DELETE ON reservation
BEGIN SELECT RAISE(ABORT, 'reservations are kept for ever'); END;

CREATE TRIGGER budget_kept BEFORE DELETE ON budget
BEGIN SELECT RAISE(ABORT, 'budgets are kept for ever'); END;

CREATE TRIGGER attempt_is_paid_for BEFORE UPDATE OF stage ON attempt
WHEN NEW.stage = 'sending'
 AND NOT EXISTS (SELECT 1 FROM reservation
   WHERE attempt_id = NEW.id AND state = 'held' AND minor = NEW.agreed_minor
     AND currency = NEW.currency)
BEGIN SELECT RAISE(ABORT, 'nothing is sent that is not reserved'); END;


-- -------------------------------------------------------------------------------------- journal
CREATE TABLE journal (       -- every change: replayed from empty it gives requests and attempts
  seq        INTEGER PRIMARY KEY,
  at_us      INTEGER NOT NULL,
  epoch      INTEGER NOT NULL,
  request_id TEXT,
  attempt_id TEXT,
  event      TEXT NOT NULL,
  data       TEXT NOT NULL CHECK (json_valid(data))
) STRICT;

CREATE INDEX journal_by_request ON journal (request_id, seq);

CREATE TRIGGER journal_append_only_1 BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append only'); END;
CREATE TRIGGER journal_append_only_2 BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append only'); END;

-- Written by triggers, so that no change can leave it out.
CREATE TRIGGER journal_request_new AFTER INSERT ON request
BEGIN
  INSERT INTO journal (at_us, epoch, request_id, event, data) VALUES (
    (SELECT value FROM meta WHERE name = 'wall_us'),
    (SELECT value FROM meta WHERE name = 'epoch'),
    NEW.id, 'request.' || lower(NEW.state), json_object(
      'id', NEW.id, 'customer', NEW.customer, 'idempotency_key', NEW.idempotency_key,
      'fingerprint', NEW.fingerprint, 'book', NEW.book, 'profile', NEW.profile,
      'max_minor', NEW.max_minor, 'currency', NEW.currency, 'dry_run', NEW.dry_run,
      'watch_id', NEW.watch_id, 'body', NEW.body, 'submitted_us', NEW.submitted_us,
      'state', NEW.state, 'version', NEW.version, 'cancel_requested', NEW.cancel_requested,
      'result', NEW.result, 'finished_us', NEW.finished_us));
END;

CREATE TRIGGER journal_request_changed AFTER UPDATE ON request
BEGIN
  INSERT INTO journal (at_us, epoch, request_id, event, data) VALUES (
    (SELECT value FROM meta WHERE name = 'wall_us'),
    (SELECT value FROM meta WHERE name = 'epoch'),
    NEW.id,
    CASE WHEN NEW.state <> OLD.state THEN 'request.' || lower(NEW.state)
         WHEN NEW.cancel_requested <> OLD.cancel_requested THEN 'request.cancel_requested'
         ELSE 'request.noted' END,
    json_object(
      'state', NEW.state, 'version', NEW.version, 'cancel_requested', NEW.cancel_requested,
      'result', NEW.result, 'finished_us', NEW.finished_us));
END;

CREATE TRIGGER journal_attempt_new AFTER INSERT ON attempt
BEGIN
  INSERT INTO journal (at_us, epoch, request_id, attempt_id, event, data) VALUES (
    (SELECT value FROM meta WHERE name = 'wall_us'),
    (SELECT value FROM meta WHERE name = 'epoch'),
    NEW.request_id, NEW.id, 'attempt.' || NEW.stage, json_object(
      'id', NEW.id, 'request_id', NEW.request_id, 'seller', NEW.seller, 'item', NEW.item,
      'offer', NEW.offer, 'key', NEW.key, 'reference', NEW.reference,
      'definition_hash', NEW.definition_hash, 'profile', NEW.profile,
      'max_minor', NEW.max_minor, 'currency', NEW.currency, 'created_us', NEW.created_us,
      'stage', NEW.stage, 'version', NEW.version, 'agreed_minor', NEW.agreed_minor,
      'sends', NEW.sends, 'not_found', NEW.not_found, 'checks', NEW.checks));
END;

-- All but the frozen bytes, which stand once, unchangeable, in their attempt; their hash is here.
CREATE TRIGGER journal_attempt_changed AFTER UPDATE ON attempt
BEGIN
  INSERT INTO journal (at_us, epoch, request_id, attempt_id, event, data) VALUES (
    (SELECT value FROM meta WHERE name = 'wall_us'),
    (SELECT value FROM meta WHERE name = 'epoch'),
    NEW.request_id, NEW.id,
    CASE WHEN NEW.stage <> OLD.stage THEN 'attempt.' || NEW.stage
         WHEN NEW.sends <> OLD.sends THEN 'attempt.sent_again'
         ELSE 'attempt.checked' END,
    json_object(
      'stage', NEW.stage, 'version', NEW.version, 'agreed_minor', NEW.agreed_minor,
      'body_hash', NEW.body_hash, 'sends', NEW.sends, 'first_sent_us', NEW.first_sent_us,
      'last_sent_us', NEW.last_sent_us, 'not_found', NEW.not_found, 'checks', NEW.checks,
      'next_check_us', NEW.next_check_us, 'order_id', NEW.order_id,
      'charged_minor', NEW.charged_minor, 'charged_currency', NEW.charged_currency,
      'delivery', NEW.delivery, 'answer', NEW.answer, 'detail', NEW.detail,
      'finished_us', NEW.finished_us));
END;
