-- name: add_line
INSERT INTO price_line (book, isbn13, seller, condition, format, country, currency)
VALUES (:book, :isbn, :seller, :condition, :format, :country, :currency)
ON CONFLICT (book, seller, condition, format, country, currency)
DO UPDATE SET isbn13 = coalesce(excluded.isbn13, isbn13)
RETURNING id;

-- name: last_point
SELECT at_us, minor, landed FROM price_point WHERE line = :line ORDER BY at_us DESC LIMIT 1;

-- name: add_point
INSERT INTO price_point (line, at_us, minor, landed) VALUES (:line, :at_us, :minor, :landed)
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
