-- name: keep
INSERT INTO trace_part (trace_id, kept_us, bytes, part)
VALUES (:trace_id, :kept_us, :bytes, :part);

-- name: is_kept
SELECT 1 FROM trace_part WHERE trace_id = :trace_id LIMIT 1;

-- name: of
SELECT part FROM trace_part WHERE trace_id = :trace_id ORDER BY kept_us, rowid LIMIT :limit;

-- name: drop_older
DELETE FROM trace_part WHERE rowid IN (
  SELECT rowid FROM trace_part WHERE kept_us < :before_us ORDER BY kept_us LIMIT :limit);

-- name: drop_oldest
DELETE FROM trace_part WHERE rowid IN (
  SELECT rowid FROM trace_part ORDER BY kept_us, rowid LIMIT :limit);

-- name: bytes_used
SELECT bytes FROM trace_size;
