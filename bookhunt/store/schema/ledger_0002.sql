-- The outbox: who is to be told of what became of a request.
--
-- A notice is written by a trigger in the transaction that makes its outcome true: there is no
-- outcome without its notice and no notice of what did not happen, wherever a process ends. Which
-- targets there are is written down here, too, so that each notice has its deliveries at once.
-- Told notices are forgotten after some days: nothing of money hangs on them.

CREATE TABLE notice_target (  -- who is told of what, as the configuration says it now
  event  TEXT NOT NULL,
  target TEXT NOT NULL,
  PRIMARY KEY (event, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE notice (
  id         TEXT PRIMARY KEY,  -- UUIDv7: the receivers know a repeated one by it
  event      TEXT NOT NULL,
  at_us      INTEGER NOT NULL,
  request_id TEXT REFERENCES request (id),
  once       TEXT UNIQUE,       -- what is told once only has a name
  body       TEXT NOT NULL CHECK (json_valid(body))
) STRICT;

CREATE INDEX notice_by_time ON notice (at_us);

CREATE TABLE delivery (
  notice_id TEXT NOT NULL REFERENCES notice (id) ON DELETE CASCADE,
  target    TEXT NOT NULL,
  state     TEXT NOT NULL CHECK (state IN ('waiting', 'told', 'given_up')),
  tries     INTEGER NOT NULL CHECK (tries >= 0),
  due_us    INTEGER,
  error     TEXT,
  PRIMARY KEY (notice_id, target),
  CHECK ((due_us IS NULL) = (state <> 'waiting'))
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_waiting ON delivery (target, due_us) WHERE state = 'waiting';
CREATE INDEX delivery_untold ON delivery (notice_id, target) WHERE state <> 'told';

CREATE TRIGGER notice_immutable BEFORE UPDATE ON notice
BEGIN SELECT RAISE(ABORT, 'a notice never changes'); END;

CREATE TRIGGER notice_waits_for_nobody BEFORE DELETE ON notice
WHEN EXISTS (SELECT 1 FROM delivery WHERE notice_id = OLD.id AND state = 'waiting')
BEGIN SELECT RAISE(ABORT, 'somebody is still to be told'); END;

CREATE TRIGGER delivery_ends_once BEFORE UPDATE ON delivery
WHEN OLD.state <> 'waiting' OR NEW.tries < OLD.tries
  OR NEW.notice_id <> OLD.notice_id OR NEW.target <> OLD.target
BEGIN SELECT RAISE(ABORT, 'a delivery ends once'); END;

-- Who asked for purchases hears of one that was overcharged, too.
CREATE TRIGGER notice_is_delivered AFTER INSERT ON notice
BEGIN
  INSERT INTO delivery (notice_id, target, state, tries, due_us)
  SELECT DISTINCT NEW.id, target, 'waiting', 0, NEW.at_us FROM notice_target
  WHERE event = NEW.event OR (NEW.event = 'overcharged' AND event = 'bought');
END;

-- A dry run buys nothing that anybody waits for. A watch that found nothing looks again: what is
-- worth a word then is its price.
CREATE TRIGGER notice_of_outcome AFTER UPDATE OF state ON request
WHEN NEW.state <> OLD.state AND NEW.dry_run = 0
 AND NEW.state IN ('SUCCESS', 'NOT_AVAILABLE', 'PURCHASE_FAILED', 'IN_DOUBT', 'NEEDS_ATTENTION',
                   'EXPIRED')
 AND NOT (NEW.watch_id IS NOT NULL AND NEW.state IN ('NOT_AVAILABLE', 'EXPIRED'))
 AND EXISTS (SELECT 1 FROM notice_target)
BEGIN
  INSERT INTO notice (id, event, at_us, request_id, once, body)
  SELECT
    -- RFC 9562, 5.7: 48 bits of milliseconds, the version, random bits with the variant in front.
    printf('%08x-%04x-7%03x-%04x-%012x', ms >> 16, ms & 0xffff, random() & 0xfff,
      0x8000 | (random() & 0x3fff), random() & 0xffffffffffff),
    event, now_us, NEW.id, 'request/' || NEW.id || '/' || NEW.version,
    json_object(
      'state', NEW.state, 'version', NEW.version, 'cancel_requested', NEW.cancel_requested,
      'result', NEW.result, 'finished_us', NEW.finished_us,
      'standing', json((
        SELECT json_object('seller', seller, 'agreed_minor', agreed_minor, 'currency', currency,
                           'order_id', order_id)
        FROM attempt WHERE request_id = NEW.id AND finished_us IS NULL)))
  FROM (SELECT value AS now_us, value / 1000 AS ms FROM meta WHERE name = 'wall_us'),
    (SELECT CASE NEW.state
      WHEN 'SUCCESS' THEN
        CASE WHEN json_extract(NEW.result, '$.bought.overcharged') THEN 'overcharged'
             ELSE 'bought' END
      WHEN 'PURCHASE_FAILED' THEN 'failed'
      ELSE lower(NEW.state) END AS event) AS what
  WHERE EXISTS (SELECT 1 FROM notice_target AS t
    WHERE t.event = what.event OR (what.event = 'overcharged' AND t.event = 'bought'));
END;
