-- What is believed of sellers and of books, as JSON objects, and what customers said of purchases.
-- The texts are the hunt's own: a row that it cannot read is learned anew.

CREATE TABLE seller_belief (
  seller TEXT PRIMARY KEY,
  belief TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE book_belief (
  subject TEXT PRIMARY KEY,    -- the book as one kind of customer asks for it
  kept_us INTEGER NOT NULL,    -- when it was last learned of: the oldest go first
  belief  TEXT NOT NULL
) STRICT;

CREATE INDEX book_belief_by_time ON book_belief (kept_us);

CREATE TABLE feedback (        -- each word counts once for each request
  request_id TEXT NOT NULL,
  word       TEXT NOT NULL,
  said_us    INTEGER NOT NULL,
  PRIMARY KEY (request_id, word)
) STRICT, WITHOUT ROWID;
