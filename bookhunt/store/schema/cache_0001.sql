-- What may be lost: a damaged cache is set aside and begun anew.

CREATE TABLE meta (          -- schema
  name  TEXT PRIMARY KEY,
  value ANY
) STRICT, WITHOUT ROWID;

CREATE TABLE explanation (   -- why each seller was asked or not and what it said, as a JSON array
  request_id TEXT PRIMARY KEY,
  kept_us    INTEGER NOT NULL,
  notes      TEXT NOT NULL CHECK (json_valid(notes))
) STRICT;

CREATE INDEX explanation_by_time ON explanation (kept_us);
