-- name: keep
INSERT INTO explanation (request_id, kept_us, notes) VALUES (:request_id, :kept_us, :notes)
ON CONFLICT (request_id) DO UPDATE SET kept_us = excluded.kept_us, notes = excluded.notes;

-- name: of
SELECT notes FROM explanation WHERE request_id = :request_id;

-- name: drop_older
DELETE FROM explanation WHERE kept_us < :before_us;

-- name: drop_oldest
DELETE FROM explanation WHERE rowid IN (
  SELECT rowid FROM explanation ORDER BY kept_us LIMIT (SELECT count(*) / 10 + 1 FROM explanation));

-- name: bytes_used
-- Traces lie in the same file and have a limit of their own: theirs are not held against these.
SELECT (page_count - freelist_count) * page_size - (SELECT bytes FROM trace_size) AS bytes
FROM pragma_page_count, pragma_freelist_count, pragma_page_size;
