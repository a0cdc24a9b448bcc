-- name: forget_request_moves
DELETE FROM request_move;

-- name: allow_request_move
INSERT INTO request_move (before, after) VALUES (:before, :after);

-- name: forget_stage_moves
DELETE FROM stage_move;

-- name: allow_stage_move
INSERT INTO stage_move (before, after) VALUES (:before, :after);

-- name: interrupted
SELECT * FROM attempt WHERE finished_us IS NULL AND stage IN ('prepared', 'sending') ORDER BY id;

-- name: was_sent
SELECT 1 FROM attempt WHERE finished_us IS NULL AND sends > 0 LIMIT 1;

-- name: waiting
SELECT count(*) AS requests FROM request
WHERE state IN ('PENDING', 'PROCESSING');
