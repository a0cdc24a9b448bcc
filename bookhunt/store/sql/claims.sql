-- name: epoch_of
SELECT epoch, cap, known, asked_us FROM offer_epoch WHERE seller = :seller AND item = :item;

-- name: observe
INSERT INTO offer_epoch (seller, item, epoch, cap, known, asked_us)
VALUES (:seller, :item, 1, :cap, :known, :asked_us)
ON CONFLICT (seller, item) DO UPDATE
SET epoch = epoch + 1, cap = excluded.cap, known = excluded.known, asked_us = excluded.asked_us
WHERE excluded.asked_us > asked_us OR asked_us > :now_us;

-- name: sold_out
INSERT INTO offer_epoch (seller, item, epoch, cap, known, asked_us)
VALUES (:seller, :item, 1, 0, 1, :asked_us)
ON CONFLICT (seller, item) DO UPDATE
SET epoch = epoch + 1, cap = 0, known = 1, asked_us = max(asked_us, excluded.asked_us);

-- name: one_more
UPDATE offer_epoch SET cap = cap + 1
WHERE seller = :seller AND item = :item AND known = 0;

-- name: live
SELECT
  count(*) FILTER (WHERE state = 'held') AS held,
  count(*) FILTER (WHERE state = 'used' AND done_us >= :asked_us) AS used
FROM claim WHERE seller = :seller AND item = :item AND state IN ('held', 'used');

-- name: sold_since
SELECT count(*) AS units FROM claim JOIN attempt ON attempt.id = claim.attempt_id
WHERE claim.seller = :seller AND claim.item = :item AND claim.state = 'used'
  AND claim.done_us >= :answered_us AND attempt.first_sent_us >= :answered_us;

-- name: free_slot
WITH RECURSIVE slot(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM slot WHERE n < :cap)
SELECT n FROM slot
WHERE n NOT IN (SELECT slot FROM claim WHERE seller = :seller AND item = :item
                AND epoch = :epoch AND state IN ('held', 'used'))
LIMIT 1;

-- name: claim
INSERT INTO claim (attempt_id, seller, item, epoch, slot, state, done_us)
VALUES (:attempt_id, :seller, :item, :epoch, :slot, 'held', NULL);

-- name: end
UPDATE claim SET state = :state, done_us = max(:now_us, (SELECT asked_us FROM offer_epoch AS e
  WHERE e.seller = claim.seller AND e.item = claim.item))
WHERE attempt_id = :attempt_id AND state = 'held';
