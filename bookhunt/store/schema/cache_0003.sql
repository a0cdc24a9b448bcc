-- What was looked up beside offers: the ISBNs of titles, and exchange rates. Both can be asked anew.

CREATE TABLE title_name (
  title    TEXT PRIMARY KEY,   -- folded: model.book.fold_title
  asked    TEXT NOT NULL,      -- as it was asked for
  isbns    TEXT NOT NULL CHECK (json_valid(isbns)),  -- an array; empty: nobody knew the title
  resolver TEXT,
  at_us    INTEGER NOT NULL,
  until_us INTEGER NOT NULL
) STRICT;

CREATE INDEX title_name_by_time ON title_name (at_us);

CREATE TABLE rate_table (
  source   TEXT PRIMARY KEY,
  base     TEXT NOT NULL,
  units    TEXT NOT NULL CHECK (json_valid(units)),  -- an object: currency to "numerator/denominator"
  as_of_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
