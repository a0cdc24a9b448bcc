-- Watches: books that are looked for again and again until their copies are bought.
--
-- A watch buys each of its copies once, whatever happens. Every purchase it asks for is a request
-- with a key made of the watch, the copy and the try, so that two runs for one copy are one
-- request; and here the file itself refuses a second request while one of the watch is not
-- settled, and any purchase beyond its copies. What is bought is counted, never written down twice.

CREATE TABLE watch (
  id         TEXT PRIMARY KEY,
  customer   TEXT NOT NULL,
  book       TEXT NOT NULL,            -- model.book.Book.identity
  copies     INTEGER NOT NULL CHECK (copies > 0),
  quote_only INTEGER NOT NULL CHECK (quote_only IN (0, 1)),
  body       TEXT NOT NULL CHECK (json_valid(body)),
  state      TEXT NOT NULL CHECK (state IN ('active', 'paused', 'done', 'ended', 'removed')),
  version    INTEGER NOT NULL,
  created_us INTEGER NOT NULL
) STRICT;

CREATE INDEX watch_by_state ON watch (state, id);
CREATE INDEX request_by_watch ON request (watch_id, state) WHERE watch_id IS NOT NULL;

CREATE TABLE watch_run (     -- the newest run of each; not in the journal: a lost one is run again
  watch_id       TEXT PRIMARY KEY REFERENCES watch (id),
  ran_us         INTEGER,              -- what was due until then is done; NULL: it never ran
  run            TEXT CHECK (run IS NULL OR json_valid(run)),
  best_minor     INTEGER CHECK (best_minor > 0),  -- the lowest total ever seen
  best_currency  TEXT,
  CHECK ((best_minor IS NULL) = (best_currency IS NULL))
) STRICT, WITHOUT ROWID;

CREATE VIEW watch_now AS     -- a watch, its newest run, and what its requests say of it
SELECT w.*, r.ran_us, r.run, r.best_minor, r.best_currency,
  (SELECT count(*) FROM request WHERE watch_id = w.id AND state = 'SUCCESS') AS bought,
  (SELECT min(id) FROM request WHERE watch_id = w.id AND finished_us IS NULL) AS open_request
FROM watch AS w JOIN watch_run AS r ON r.watch_id = w.id;

CREATE TRIGGER watch_version BEFORE UPDATE ON watch
WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'a change of a watch is its next version'); END;

CREATE TRIGGER watch_immutable BEFORE UPDATE ON watch
WHEN NEW.id <> OLD.id OR NEW.customer <> OLD.customer OR NEW.created_us <> OLD.created_us
BEGIN SELECT RAISE(ABORT, 'a watch stays the one it is'); END;

CREATE TRIGGER watch_removed BEFORE UPDATE ON watch
WHEN OLD.state = 'removed'
BEGIN SELECT RAISE(ABORT, 'a removed watch never changes'); END;

CREATE TRIGGER watch_kept BEFORE DELETE ON watch
BEGIN SELECT RAISE(ABORT, 'watches are kept for ever'); END;

-- An edit may not make a purchase that stands, or may come to stand, one too many.
CREATE TRIGGER watch_copies BEFORE UPDATE ON watch
WHEN NEW.copies < OLD.copies AND NEW.copies < (SELECT count(*) FROM request
  WHERE watch_id = NEW.id AND dry_run = 0 AND (state = 'SUCCESS' OR finished_us IS NULL))
BEGIN SELECT RAISE(ABORT, 'more copies are bought or being bought'); END;

CREATE TRIGGER watch_request_wanted BEFORE INSERT ON request
WHEN NEW.watch_id IS NOT NULL AND EXISTS (SELECT 1 FROM watch
  WHERE id = NEW.watch_id AND (state <> 'active' OR quote_only = 1))
BEGIN SELECT RAISE(ABORT, 'the watch buys nothing'); END;

CREATE TRIGGER watch_request_alone BEFORE INSERT ON request
WHEN NEW.watch_id IS NOT NULL AND EXISTS (SELECT 1 FROM watch WHERE id = NEW.watch_id)
 AND EXISTS (SELECT 1 FROM request WHERE watch_id = NEW.watch_id AND finished_us IS NULL)
BEGIN SELECT RAISE(ABORT, 'a purchase of the watch is not settled'); END;

CREATE TRIGGER watch_request_within BEFORE INSERT ON request
WHEN NEW.watch_id IS NOT NULL AND EXISTS (SELECT 1 FROM watch WHERE id = NEW.watch_id
  AND copies <= (SELECT count(*) FROM request WHERE watch_id = NEW.watch_id AND state = 'SUCCESS'))
BEGIN SELECT RAISE(ABORT, 'all copies of the watch are bought'); END;

CREATE TRIGGER watch_attempt_within BEFORE INSERT ON attempt
WHEN EXISTS (SELECT 1 FROM request AS r JOIN watch AS w ON w.id = r.watch_id
  WHERE r.id = NEW.request_id AND w.copies <= (
    SELECT count(*) FROM request WHERE watch_id = w.id AND state = 'SUCCESS'))
BEGIN SELECT RAISE(ABORT, 'all copies of the watch are bought'); END;

-- The last copy ends the watch in the transaction that says it is bought.
CREATE TRIGGER watch_done AFTER UPDATE OF state ON request
WHEN NEW.state = 'SUCCESS' AND OLD.state <> 'SUCCESS' AND NEW.watch_id IS NOT NULL
BEGIN
  UPDATE watch SET state = 'done', version = version + 1
  WHERE id = NEW.watch_id AND state IN ('active', 'paused', 'ended') AND copies <= (
    SELECT count(*) FROM request WHERE watch_id = NEW.watch_id AND state = 'SUCCESS');
END;

-- Written by triggers, so that no change can leave it out.
CREATE TRIGGER journal_watch_new AFTER INSERT ON watch
BEGIN
  INSERT INTO journal (at_us, epoch, event, data) VALUES (
    (SELECT value FROM meta WHERE name = 'wall_us'),
    (SELECT value FROM meta WHERE name = 'epoch'),
    'watch.new', json_object('id', NEW.id, 'customer', NEW.customer, 'book', NEW.book,
      'copies', NEW.copies, 'quote_only', NEW.quote_only, 'body', NEW.body, 'state', NEW.state,
      'version', NEW.version, 'created_us', NEW.created_us));
END;

CREATE TRIGGER journal_watch_changed AFTER UPDATE ON watch
BEGIN
  INSERT INTO journal (at_us, epoch, event, data) VALUES (
    (SELECT value FROM meta WHERE name = 'wall_us'),
    (SELECT value FROM meta WHERE name = 'epoch'),
    'watch.' || CASE WHEN NEW.state <> OLD.state THEN NEW.state ELSE 'edited' END,
    json_object('id', NEW.id, 'book', NEW.book, 'copies', NEW.copies,
      'quote_only', NEW.quote_only, 'body', NEW.body, 'state', NEW.state,
      'version', NEW.version));
END;
