-- name: insert
INSERT INTO attempt (id, request_id, seller, item, offer, key, reference, definition_hash, profile,
  max_minor, currency, stage, version, agreed_minor, sends, not_found, checks, created_us)
VALUES (:id, :request_id, :seller, :item, :offer, :key, :reference, :definition_hash, :profile,
  :max_minor, :currency, 'prepared', 1, :agreed_minor, 0, 0, 0, :created_us);

-- name: by_id
SELECT * FROM attempt WHERE id = :id;

-- name: of_request
SELECT rowid, * FROM attempt WHERE request_id = :request_id AND rowid > :after
ORDER BY rowid LIMIT :limit;

-- name: open
SELECT * FROM attempt WHERE finished_us IS NULL AND id > :after ORDER BY id LIMIT :limit;

-- name: live
SELECT * FROM attempt WHERE request_id = :request_id
  AND stage IN ('prepared', 'sending', 'placed', 'unknown', 'manual', 'confirmed');

-- name: owner_of_order
SELECT request_id FROM attempt
WHERE seller = :seller AND order_id = :order_id AND id <> :id;

-- name: start_sending
UPDATE attempt
SET stage = 'sending', version = version + 1, frozen = :frozen, body_hash = :body_hash,
  agreed_minor = :agreed_minor, sends = 1, first_sent_us = :now_us, last_sent_us = :now_us
WHERE id = :id AND stage = 'prepared' AND version = :version;

-- name: resend
UPDATE attempt SET version = version + 1, sends = sends + 1, last_sent_us = :now_us
WHERE id = :id AND stage = 'unknown' AND version = :version;

-- name: checked
UPDATE attempt
SET version = version + 1, checks = checks + 1, not_found = not_found + :not_found,
  next_check_us = :next_check_us
WHERE id = :id AND stage IN ('placed', 'unknown', 'manual') AND version = :version;

-- name: settle
UPDATE attempt
SET stage = :to, version = version + 1,
  answer = coalesce(:answer, answer), order_id = coalesce(:order_id, order_id),
  charged_minor = coalesce(:charged_minor, charged_minor),
  charged_currency = coalesce(:charged_currency, charged_currency),
  delivery = coalesce(:delivery, delivery), detail = coalesce(:detail, detail),
  finished_us = :finished_us
WHERE id = :id AND stage = :stage AND version = :version;
