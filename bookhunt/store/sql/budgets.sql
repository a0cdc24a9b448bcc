-- name: limit_of
SELECT purchase_minor, day_minor, month_minor FROM spending_limit WHERE currency = :currency;

-- name: set_limit
INSERT INTO spending_limit (currency, purchase_minor, day_minor, month_minor)
VALUES (:currency, :purchase_minor, :day_minor, :month_minor)
ON CONFLICT (currency) DO UPDATE SET purchase_minor = excluded.purchase_minor,
  day_minor = excluded.day_minor, month_minor = excluded.month_minor;

-- name: unset_limit
DELETE FROM spending_limit WHERE currency = :currency;

-- name: currencies
SELECT currency FROM spending_limit UNION SELECT currency FROM budget ORDER BY currency;

-- name: open_budget
INSERT INTO budget (currency, period, cap_minor, reserved_minor, spent_minor)
VALUES (:currency, :period, :cap_minor, 0, 0)
ON CONFLICT (currency, period) DO UPDATE
SET cap_minor = max(excluded.cap_minor, reserved_minor + spent_minor);

-- name: reserve
UPDATE budget SET reserved_minor = reserved_minor + :minor
WHERE currency = :currency AND period = :period
  AND (cap_minor IS NULL OR reserved_minor + spent_minor + :minor <= cap_minor);

-- name: give_back
UPDATE budget SET reserved_minor = reserved_minor - :minor
WHERE currency = :currency AND period = :period;

-- name: spend
UPDATE budget
SET reserved_minor = reserved_minor - :minor, spent_minor = spent_minor + :spent,
  cap_minor = max(cap_minor, reserved_minor - :minor + spent_minor + :spent)
WHERE currency = :currency AND period = :period;

-- name: cap
SELECT cap_minor AS minor FROM budget WHERE currency = :currency AND period = :period;

-- name: used
SELECT reserved_minor + spent_minor AS minor FROM budget
WHERE currency = :currency AND period = :period;

-- name: insert_reservation
INSERT INTO reservation (attempt_id, currency, day, month, minor, state)
VALUES (:attempt_id, :currency, :day, :month, :minor, 'held');

-- name: reservation_of
SELECT currency, day, month, minor FROM reservation
WHERE attempt_id = :attempt_id AND state = 'held';

-- name: change_reservation
UPDATE reservation SET minor = :minor WHERE attempt_id = :attempt_id AND state = 'held';

-- name: end_reservation
UPDATE reservation SET state = :state WHERE attempt_id = :attempt_id AND state = 'held';
