-- name: insert
INSERT INTO request (id, id_reversed, customer, idempotency_key, fingerprint, book, profile,
  max_minor, currency, dry_run, watch_id, body, submitted_us, state, version, cancel_requested,
  result, finished_us)
VALUES (:id, :id_reversed, :customer, :idempotency_key, :fingerprint, :book, :profile,
  :max_minor, :currency, :dry_run, :watch_id, :body, :submitted_us, 'PENDING', 1, 0, :result, NULL);

-- name: by_id
SELECT * FROM request WHERE id = :id;

-- name: by_key
SELECT * FROM request WHERE customer = :customer AND idempotency_key = :idempotency_key;

-- name: recent_same_book
SELECT id FROM request
WHERE customer = :customer AND profile = :profile AND book = :book AND dry_run = 0
  AND (finished_us IS NULL OR (state = 'SUCCESS' AND finished_us > :since_us))
ORDER BY id DESC LIMIT 1;

-- name: move
UPDATE request
SET state = :to, version = version + 1, result = coalesce(:result, result),
  finished_us = :finished_us
WHERE id = :id AND state = :state AND version = :version;

-- name: remember_cancellation
UPDATE request SET cancel_requested = 1, version = version + 1
WHERE id = :id AND version = :version;

-- name: note_result
UPDATE request SET result = :result, version = version + 1
WHERE id = :id AND version = :version;

-- name: find
SELECT * FROM request
WHERE submitted_us >= :since_us AND (submitted_us, id) < (:before_us, :before_id)
ORDER BY submitted_us DESC, id DESC LIMIT :limit;

-- name: find_in_state
SELECT * FROM request WHERE state = :state
  AND submitted_us >= :since_us AND (submitted_us, id) < (:before_us, :before_id)
ORDER BY submitted_us DESC, id DESC LIMIT :limit;

-- name: find_by_beginning
SELECT * FROM request
WHERE id >= :prefix AND id < :beyond AND submitted_us >= :since_us
  AND (:states IS NULL OR state IN (SELECT value FROM json_each(:states)))
ORDER BY id DESC LIMIT :limit;

-- name: find_by_end
SELECT * FROM request
WHERE id_reversed >= :prefix AND id_reversed < :beyond AND submitted_us >= :since_us
  AND (:states IS NULL OR state IN (SELECT value FROM json_each(:states)))
ORDER BY id DESC LIMIT :limit;

-- name: unfinished
SELECT * FROM request
WHERE finished_us IS NULL AND state <> 'NEEDS_ATTENTION' AND id > :after
ORDER BY id LIMIT :limit;
