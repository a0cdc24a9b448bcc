-- name: get
SELECT value FROM meta WHERE name = :name;

-- name: forbidding
SELECT name, value FROM meta WHERE name IN ('safe_mode', 'paused');

-- name: put
INSERT INTO meta (name, value) VALUES (:name, :value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: forget
DELETE FROM meta WHERE name = :name;

-- name: fence
UPDATE meta SET value = max(value, :now_us)
WHERE name = 'wall_us' AND EXISTS (SELECT 1 FROM meta WHERE name = 'epoch' AND value = :epoch);

-- name: tables
SELECT count(*) AS tables FROM sqlite_master WHERE type = 'table';

-- name: has_meta
SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta';

-- name: last_seq
SELECT coalesce(max(seq), 0) AS seq FROM journal;

-- name: journal
INSERT INTO journal (seq, at_us, epoch, request_id, attempt_id, event, data)
VALUES (:seq, (SELECT value FROM meta WHERE name = 'wall_us'),
  (SELECT value FROM meta WHERE name = 'epoch'), :request_id, :attempt_id, :event, :data);
