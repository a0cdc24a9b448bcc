-- name: add_lines
INSERT INTO price_line (book, isbn13, seller, condition, format, country, currency)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
  json_extract(value, '$[3]'), json_extract(value, '$[4]'), json_extract(value, '$[5]'),
  json_extract(value, '$[6]')
FROM json_each(:seen) WHERE true
ON CONFLICT (book, seller, condition, format, country, currency)
DO UPDATE SET isbn13 = excluded.isbn13
WHERE excluded.isbn13 IS NOT NULL AND excluded.isbn13 IS NOT price_line.isbn13;

-- name: add_points
INSERT INTO price_point (line, at_us, minor, landed)
SELECT l.id, s.at_us, s.minor, s.landed
FROM (
  SELECT json_extract(value, '$[0]') AS book, json_extract(value, '$[2]') AS seller,
    json_extract(value, '$[3]') AS condition, json_extract(value, '$[4]') AS format,
    json_extract(value, '$[5]') AS country, json_extract(value, '$[6]') AS currency,
    json_extract(value, '$[7]') AS at_us, json_extract(value, '$[8]') AS minor,
    json_extract(value, '$[9]') AS landed
  FROM json_each(:seen)
) AS s CROSS JOIN price_line AS l ON l.book = s.book AND l.seller = s.seller
  AND l.condition = s.condition AND l.format = s.format AND l.country = s.country
  AND l.currency = s.currency
WHERE (
  SELECT p.minor = s.minor AND p.landed = s.landed AND s.at_us < p.at_us + :day_us
  FROM price_point AS p WHERE p.line = l.id ORDER BY p.at_us DESC LIMIT 1
) IS NOT 1
ON CONFLICT (line, at_us) DO UPDATE SET minor = excluded.minor, landed = excluded.landed;

-- name: points_of
SELECT l.id, l.book, l.seller, l.condition, l.format, l.country, l.currency,
  p.at_us, p.minor, p.landed
FROM price_line AS l JOIN price_point AS p ON p.line = l.id
WHERE l.book IN (:book, :title) OR l.isbn13 = :isbn
ORDER BY p.at_us DESC LIMIT :limit;

-- name: drop_older
DELETE FROM price_point WHERE at_us < :before_us;

-- name: points
SELECT count(*) AS points FROM price_point;

-- name: newest_to_drop
SELECT at_us FROM price_point ORDER BY at_us DESC LIMIT 1 OFFSET :most;

-- name: drop_lines_without_points
DELETE FROM price_line WHERE NOT EXISTS (SELECT 1 FROM price_point WHERE line = price_line.id);
