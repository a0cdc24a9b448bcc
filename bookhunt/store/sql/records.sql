-- name: requests
SELECT * FROM request
WHERE id > :after AND submitted_us >= :since_us ORDER BY id LIMIT :limit;

-- name: attempts
SELECT * FROM attempt
WHERE id > :after AND created_us >= :since_us ORDER BY id LIMIT :limit;

-- name: outcomes
SELECT id, submitted_us, finished_us, state, dry_run,
  json_extract(body, '$.strategy') AS strategy,
  json_extract(result, '$.findings.sellers_asked') AS sellers_asked,
  json_extract(result, '$.findings.sellers_total') AS sellers_total,
  json_extract(result, '$.findings.calls') AS calls,
  json_extract(result, '$.findings.cached') AS cached,
  json_extract(result, '$.findings.coalesced') AS coalesced,
  json_extract(result, '$.bought.seller') AS seller,
  json_extract(result, '$.bought.total.minor') AS total_minor,
  json_extract(result, '$.bought.total.currency') AS currency,
  json_extract(result, '$.bought.overcharged') AS overcharged
FROM request
WHERE (submitted_us, id) > (:after_us, :after_id)
ORDER BY submitted_us, id LIMIT :limit;

-- name: tried
SELECT attempt.seller, attempt.stage, json_extract(request.body, '$.strategy') AS strategy,
  count(*) AS times
FROM request JOIN attempt ON attempt.request_id = request.id
WHERE (request.submitted_us, request.id) > (:after_us, :after_id)
  AND (request.submitted_us, request.id) <= (:last_us, :last_id)
GROUP BY 1, 2, 3;

-- name: size
SELECT (SELECT coalesce(max(rowid), 0) FROM request) AS requests,
  (SELECT coalesce(max(rowid), 0) FROM attempt) AS attempts,
  (SELECT coalesce(max(seq), 0) FROM journal) AS entries;

-- name: schema
SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name;
