-- Prices seen: a line for whose price of what, and a point for each change of it or each day.

CREATE TABLE price_line (
  id        INTEGER PRIMARY KEY,
  book      TEXT NOT NULL,       -- as it was asked for: model.book.Book.identity
  isbn13    TEXT,                -- what the seller said it is, the last time
  seller    TEXT NOT NULL,
  condition TEXT NOT NULL,
  format    TEXT NOT NULL,
  country   TEXT NOT NULL,
  currency  TEXT NOT NULL,
  UNIQUE (book, seller, condition, format, country, currency)
) STRICT;

CREATE INDEX price_line_by_isbn ON price_line (isbn13);

CREATE TABLE price_point (
  line   INTEGER NOT NULL,
  at_us  INTEGER NOT NULL,
  minor  INTEGER NOT NULL,
  landed INTEGER NOT NULL,       -- 0: shipping or tax was not known
  PRIMARY KEY (line, at_us)
) STRICT, WITHOUT ROWID;
