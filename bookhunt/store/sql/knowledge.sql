-- name: keep_names
INSERT INTO title_name (title, asked, isbns, resolver, at_us, until_us)
VALUES (:title, :asked, :isbns, :resolver, :at_us, :until_us)
ON CONFLICT (title) DO UPDATE SET asked = excluded.asked, isbns = excluded.isbns,
  resolver = excluded.resolver, at_us = excluded.at_us, until_us = excluded.until_us;

-- name: names_of
SELECT asked, isbns, resolver, at_us, until_us FROM title_name WHERE title = :title;

-- name: latest_names
SELECT asked, isbns, resolver, at_us, until_us FROM title_name
ORDER BY at_us DESC, title LIMIT :limit;

-- name: drop_surplus_names
DELETE FROM title_name WHERE at_us < (
  SELECT at_us FROM title_name ORDER BY at_us DESC LIMIT 1 OFFSET :most);

-- name: keep_rates
INSERT INTO rate_table (source, base, units, as_of_us)
VALUES (:source, :base, :units, :as_of_us)
ON CONFLICT (source) DO UPDATE SET base = excluded.base, units = excluded.units,
  as_of_us = excluded.as_of_us;

-- name: rates_of
SELECT base, units, as_of_us FROM rate_table WHERE source = :source;
