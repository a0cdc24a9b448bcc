-- name: insert
INSERT INTO watch (id, customer, book, copies, quote_only, body, state, version, created_us)
VALUES (:id, :customer, :book, :copies, :quote_only, :body, 'active', 1, :created_us);

-- name: insert_run
INSERT INTO watch_run (watch_id, ran_us, run, best_minor, best_currency)
VALUES (:id, :ran_us, NULL, NULL, NULL);

-- name: by_id
SELECT * FROM watch_now WHERE id = :id;

-- name: named
SELECT * FROM watch_now
WHERE id >= :prefix AND id < :beyond AND state <> 'removed'
ORDER BY id LIMIT :limit;

-- name: turn
SELECT * FROM watch_now
WHERE state IN (SELECT value FROM json_each(:states)) AND id > :after
ORDER BY id LIMIT :limit;

-- name: state_of_request
SELECT state FROM request WHERE id = :id;

-- name: change
UPDATE watch
SET book = :book, copies = :copies, quote_only = :quote_only, body = :body, state = :state,
  version = version + 1
WHERE id = :id AND version = :version;

-- name: spoken_for
SELECT count(*) AS copies FROM request
WHERE watch_id = :id AND dry_run = 0 AND (state = 'SUCCESS' OR finished_us IS NULL);

-- name: tries
SELECT count(*) AS tries FROM request WHERE watch_id = :id AND state <> 'SUCCESS';

-- name: ran
UPDATE watch_run
SET ran_us = :ran_us, run = :run,
  best_minor = CASE WHEN :best_minor IS NULL THEN best_minor
    WHEN best_currency = :best_currency THEN min(best_minor, :best_minor) ELSE :best_minor END,
  best_currency = coalesce(:best_currency, best_currency)
WHERE watch_id = :id;
