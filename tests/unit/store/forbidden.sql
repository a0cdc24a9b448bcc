-- What the schema refuses, and the words it does it with (a regular expression). The names are
-- requests of tests/unit/store/test_schema.py, `a_` before them means their latest attempt.

-- refused: no such move|confirmed order
UPDATE request SET state='SUCCESS', version=version+1, finished_us=1 WHERE id=:pending;

-- refused: no such move
UPDATE request SET state='PENDING', version=version+1 WHERE id=:processing;

-- refused: its next version
UPDATE request SET result='{}' WHERE id=:pending;

-- refused: its next version
UPDATE request SET version=version+2 WHERE id=:pending;

-- refused: never changes
UPDATE request SET version=version+1, result='{}' WHERE id=:success;

-- refused: was asked
UPDATE request SET max_minor=9, version=version+1 WHERE id=:pending;

-- refused: was asked
UPDATE request SET dry_run=0, version=version+1 WHERE id=:dry;

-- refused: was asked
UPDATE request SET idempotency_key='k', version=version+1 WHERE id=:pending;

-- refused: never forgotten
UPDATE request SET cancel_requested=0, version=version+1 WHERE id=:cancelled;

-- refused: not hunted on|order may stand
UPDATE request SET state='PROCESSING', version=version+1 WHERE id=:cancelled;

-- refused: a dry run ends as one
UPDATE request SET state='DRY_RUN', version=version+1, finished_us=1 WHERE id=:processing;

-- refused: for ever
DELETE FROM request WHERE id=:pending;

-- refused: confirmed order
UPDATE request SET state='SUCCESS', version=version+1, finished_us=1 WHERE id=:sending;

-- refused: order may stand
UPDATE request SET state='PURCHASE_FAILED', version=version+1, finished_us=1 WHERE id=:sending;

-- refused: order may stand
UPDATE request SET state='PROCESSING', version=version+1 WHERE id=:unknown;

-- refused: order may stand
UPDATE request SET state='CANCELLED', version=version+1, finished_us=1 WHERE id=:manual;

-- refused: no attempt is open
UPDATE request SET state='RESOLVED', version=version+1 WHERE id=:processing;

-- refused: CHECK
UPDATE request SET state='PROCESSING', version=version+1, finished_us=1 WHERE id=:pending;

-- refused: begins as PENDING
INSERT INTO request SELECT 'x', 'x', customer, 'x', fingerprint, book, profile, max_minor,
  currency, dry_run, watch_id, body, submitted_us, 'PROCESSING', 1, 0, result, NULL FROM request
  WHERE id=:pending;

-- refused: UNIQUE
INSERT INTO request SELECT 'x', 'x', customer, idempotency_key, fingerprint, book, profile,
  max_minor, currency, dry_run, watch_id, body, submitted_us, 'PENDING', 1, 0, result, NULL FROM
  request WHERE id=:pending;

-- refused: no such move
UPDATE attempt SET stage='confirmed', version=version+1, finished_us=1 WHERE id=:a_prepared;

-- refused: no such move
UPDATE attempt SET stage='absent', version=version+1, finished_us=1 WHERE id=:a_sending;

-- refused: no such move
UPDATE attempt SET stage='sending', version=version+1 WHERE id=:a_unknown;

-- refused: its next version
UPDATE attempt SET sends=9 WHERE id=:a_unknown;

-- refused: never changes
UPDATE attempt SET version=version+1, detail='x' WHERE id=:a_success;

-- refused: never changes
UPDATE attempt SET version=version+1, detail='x' WHERE id=:a_refused;

-- refused: was intended
UPDATE attempt SET key='k', version=version+1 WHERE id=:a_unknown;

-- refused: was intended
UPDATE attempt SET reference='r', version=version+1 WHERE id=:a_prepared;

-- refused: was intended
UPDATE attempt SET offer='{}', version=version+1 WHERE id=:a_prepared;

-- refused: was sent
UPDATE attempt SET frozen='{}', version=version+1 WHERE id=:a_unknown;

-- refused: was sent
UPDATE attempt SET body_hash='x', version=version+1 WHERE id=:a_unknown;

-- refused: was sent
UPDATE attempt SET agreed_minor=1, version=version+1 WHERE id=:a_sending;

-- refused: was sent
UPDATE attempt SET first_sent_us=1, version=version+1 WHERE id=:a_unknown;

-- refused: for ever
DELETE FROM attempt WHERE id=:a_refused;

-- refused: is never sent
UPDATE attempt SET stage='sending', version=version+1, frozen='{}', body_hash='x', sends=1,
  first_sent_us=1, last_sent_us=1 WHERE id=:a_dry;

-- refused: CHECK
UPDATE attempt SET stage='sending', version=version+1 WHERE id=:a_prepared;

-- refused: CHECK
UPDATE attempt SET agreed_minor=max_minor+1, version=version+1 WHERE id=:a_prepared;

-- refused: CHECK
UPDATE attempt SET stage='unknown', version=version+1, finished_us=1 WHERE id=:a_sending;

-- refused: UNIQUE
UPDATE attempt SET order_id=(SELECT order_id FROM attempt WHERE id=:a_success),
  version=version+1 WHERE id=:a_unknown;

-- refused: no request wants
INSERT INTO attempt SELECT 'x', :pending, seller, item, offer, 'x', 'x', definition_hash,
  profile, max_minor, currency, 'prepared', 1, agreed_minor, NULL, NULL, 0, NULL, NULL, 0, 0,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, created_us, NULL FROM attempt WHERE id=:a_prepared;

-- refused: no request wants
INSERT INTO attempt SELECT 'x', :unknown, seller, item, offer, 'x', 'x', definition_hash,
  profile, max_minor, currency, 'prepared', 1, agreed_minor, NULL, NULL, 0, NULL, NULL, 0, 0,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, created_us, NULL FROM attempt WHERE id=:a_prepared;

-- refused: no request wants
INSERT INTO attempt SELECT 'x', :processing, seller, item, offer, 'x', 'x', definition_hash,
  profile, max_minor + 1, currency, 'prepared', 1, agreed_minor, NULL, NULL, 0, NULL, NULL, 0,
  0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, created_us, NULL FROM attempt WHERE
  id=:a_prepared;

-- refused: begins as prepared
INSERT INTO attempt SELECT 'x', :processing, seller, item, offer, 'x', 'x', definition_hash,
  profile, max_minor, currency, 'sending', 1, agreed_minor, '{}', 'x', 1, 1, 1, 0, 0, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, created_us, NULL FROM attempt WHERE id=:a_prepared;

-- refused: UNIQUE
INSERT INTO attempt SELECT 'x', :processing, seller, item, offer, key, 'x', definition_hash,
  profile, max_minor, currency, 'prepared', 1, agreed_minor, NULL, NULL, 0, NULL, NULL, 0, 0,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, created_us, NULL FROM attempt WHERE id=:a_prepared;

-- refused: ends as its attempt
UPDATE claim SET state='released', done_us=1 WHERE attempt_id=:a_unknown;

-- refused: ends as its attempt
UPDATE claim SET state='released', done_us=1 WHERE attempt_id=:a_manual;

-- refused: ends as its attempt
UPDATE claim SET state='used', done_us=1 WHERE attempt_id=:a_sending;

-- refused: used or released once|ends as its attempt
UPDATE claim SET state='released' WHERE attempt_id=:a_success;

-- refused: used or released once
UPDATE claim SET state='held', done_us=NULL WHERE attempt_id=:a_refused;

-- refused: what it claims
UPDATE claim SET slot=2 WHERE attempt_id=:a_unknown;

-- refused: for ever
DELETE FROM claim WHERE attempt_id=:a_refused;

-- refused: more claims than copies
INSERT INTO claim SELECT 'x', seller, item, epoch, 1, 'held', NULL FROM claim WHERE
  attempt_id=:a_unknown;

-- refused: more claims than copies
INSERT INTO claim SELECT 'x', seller, item, epoch, 2, 'held', NULL FROM claim WHERE
  attempt_id=:a_unknown;

-- refused: more claims than copies
INSERT INTO claim SELECT 'x', seller, item, epoch, 2, 'held', NULL FROM claim WHERE
  attempt_id=:a_success;

-- refused: more claims than copies
INSERT INTO claim SELECT 'x', seller, item, epoch + 1, 1, 'held', NULL FROM claim WHERE
  attempt_id=:a_refused;

-- refused: UNIQUE
INSERT INTO claim SELECT 'x', seller, item, epoch, slot, 'held', NULL FROM claim WHERE
  attempt_id=:a_plenty;

-- refused: FOREIGN KEY
INSERT INTO claim SELECT 'x', seller, item, epoch, 1, 'held', NULL FROM claim WHERE
  attempt_id=:a_refused;

-- refused: ends as its attempt
UPDATE reservation SET state='released' WHERE attempt_id=:a_unknown;

-- refused: ends as its attempt
UPDATE reservation SET state='spent' WHERE attempt_id=:a_unknown;

-- refused: given back once
UPDATE reservation SET state='held' WHERE attempt_id=:a_refused;

-- refused: given back once|before it is sent
UPDATE reservation SET minor=1 WHERE attempt_id=:a_success;

-- refused: before it is sent
UPDATE reservation SET minor=minor-1 WHERE attempt_id=:a_sending;

-- refused: what it is for
UPDATE reservation SET day='2020-01-01' WHERE attempt_id=:a_unknown;

-- refused: for ever
DELETE FROM reservation WHERE attempt_id=:a_refused;

-- refused: for ever
DELETE FROM budget;

-- refused: CHECK
UPDATE budget SET reserved_minor = cap_minor + 1 WHERE cap_minor IS NOT NULL;

-- refused: CHECK
UPDATE budget SET reserved_minor = -1;

-- refused: CHECK
UPDATE budget SET cap_minor = 1;

-- refused: append only
UPDATE journal SET event='x' WHERE seq=1;

-- refused: append only
DELETE FROM journal WHERE seq=1;

-- refused: never comes again
UPDATE meta SET value=0 WHERE name='epoch';

-- refused: stays the one it is
UPDATE watch SET customer='emma', version=version+1 WHERE id='w-once';

-- refused: its next version
UPDATE watch SET copies=2 WHERE id='w-once';

-- refused: removed watch never changes
UPDATE watch SET state='active', version=version+1 WHERE id='w-gone';

-- refused: watches are kept
DELETE FROM watch WHERE id='w-once';

-- refused: bought or being bought
UPDATE watch SET copies=1, version=version+1 WHERE id='w-twice';

-- refused: CHECK|never changes
UPDATE watch SET copies=0, version=version+1 WHERE id='w-gone';

-- refused: the watch buys nothing
INSERT INTO request SELECT 'x', 'x', customer, 'x', fingerprint, book, profile, max_minor,
  currency, 0, 'w-gone', body, submitted_us, 'PENDING', 1, 0, result, NULL FROM request
  WHERE id=:success;

-- refused: not settled
INSERT INTO request SELECT 'x', 'x', customer, 'x', fingerprint, book, profile, max_minor,
  currency, 0, 'w-twice', body, submitted_us, 'PENDING', 1, 0, result, NULL FROM request
  WHERE id=:success;

-- refused: copies of the watch are bought
INSERT INTO request SELECT 'x', 'x', customer, 'x', fingerprint, book, profile, max_minor,
  currency, 0, 'w-once', body, submitted_us, 'PENDING', 1, 0, result, NULL FROM request
  WHERE id=:success;
