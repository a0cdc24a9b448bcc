-- name: forget_targets
DELETE FROM notice_target;

-- name: add_target
INSERT INTO notice_target (event, target) VALUES (:event, :target);

-- name: give_up_on_the_gone
UPDATE delivery SET state = 'given_up', due_us = NULL, error = :error
WHERE state = 'waiting' AND target NOT IN (SELECT value FROM json_each(:targets));

-- name: has_listener
SELECT 1 FROM notice_target WHERE event = :event;

-- name: post
INSERT INTO notice (id, event, at_us, request_id, once, body)
VALUES (:id, :event, :at_us, NULL, :once, :body)
ON CONFLICT (once) DO NOTHING;

-- name: due
SELECT notice_id, target, state, tries, due_us, error FROM delivery
WHERE target = :target AND state = 'waiting' AND (due_us <= :at_us OR due_us > :too_far_us)
ORDER BY due_us, notice_id LIMIT :limit;

-- name: notice
SELECT id, event, at_us, request_id, once, body FROM notice WHERE id = :id;

-- name: request
SELECT * FROM request WHERE id = :id;

-- name: told
UPDATE delivery SET state = 'told', due_us = NULL, error = NULL
WHERE notice_id = :notice_id AND target = :target AND state = 'waiting';

-- name: failed
UPDATE delivery
SET state = :state, tries = tries + 1, due_us = :due_us, error = :error
WHERE notice_id = :notice_id AND target = :target AND state = 'waiting';

-- name: undelivered
SELECT notice_id, target, state, tries, due_us, error FROM delivery
WHERE state <> 'told' ORDER BY notice_id DESC, target LIMIT :limit;

-- name: forget
DELETE FROM notice WHERE id IN (
  SELECT n.id FROM notice AS n WHERE n.at_us < :before_us
    AND NOT EXISTS (SELECT 1 FROM delivery WHERE notice_id = n.id AND state = 'waiting')
  ORDER BY n.at_us LIMIT :limit);

-- name: waiting_targets
SELECT target, count(*) AS waiting FROM delivery WHERE state = 'waiting' GROUP BY target;

-- name: give_up_surplus
UPDATE delivery SET state = 'given_up', due_us = NULL, error = :error
WHERE (notice_id, target) IN (
  SELECT notice_id, target FROM delivery WHERE target = :target AND state = 'waiting'
  ORDER BY notice_id LIMIT :surplus);
