-- Traces: one row for each part, what one life of the daemon did for a request in one go.

CREATE TABLE trace_part (
  trace_id TEXT NOT NULL,
  kept_us  INTEGER NOT NULL,
  bytes    INTEGER NOT NULL,
  part     BLOB NOT NULL            -- JSON, see telemetry.spans.document_of; a reader checks it
) STRICT;

CREATE INDEX trace_part_by_id ON trace_part (trace_id, kept_us);
CREATE INDEX trace_part_by_time ON trace_part (kept_us);

CREATE TABLE trace_size (bytes INTEGER NOT NULL) STRICT;  -- of all parts, so that nobody counts
INSERT INTO trace_size (bytes) VALUES (0);

CREATE TRIGGER trace_part_comes AFTER INSERT ON trace_part
BEGIN UPDATE trace_size SET bytes = bytes + NEW.bytes; END;

CREATE TRIGGER trace_part_goes AFTER DELETE ON trace_part
BEGIN UPDATE trace_size SET bytes = bytes - OLD.bytes; END;
