-- From schema version 1: large rows in the order in which they came, the account of calls, batches.
CREATE INDEX problems_in_order ON problems (run, position);

ALTER TABLE replies RENAME TO old_replies;
CREATE TABLE replies (key TEXT NOT NULL UNIQUE, reply TEXT NOT NULL) STRICT;
INSERT INTO replies SELECT substr(key, 1, 32), reply FROM old_replies;
DROP TABLE old_replies;

ALTER TABLE tool_results RENAME TO old_results;
CREATE TABLE tool_results (key TEXT NOT NULL UNIQUE, result TEXT NOT NULL) STRICT;
INSERT INTO tool_results SELECT substr(key, 1, 32), result FROM old_results;
DROP TABLE old_results;

CREATE TABLE commands (run TEXT PRIMARY KEY REFERENCES runs(run), words TEXT NOT NULL) STRICT;
CREATE TABLE calls (
  run TEXT NOT NULL, model TEXT NOT NULL, reply TEXT NOT NULL, prompt_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL, seconds REAL NOT NULL, cost INTEGER
) STRICT;
CREATE INDEX calls_of_run ON calls (run);
CREATE TABLE batches (
  tag TEXT PRIMARY KEY, server TEXT NOT NULL, model TEXT NOT NULL, job TEXT, done INTEGER NOT NULL
) STRICT;
CREATE TABLE batched (tag TEXT NOT NULL REFERENCES batches(tag), key TEXT NOT NULL, PRIMARY KEY (tag, key)) STRICT, WITHOUT ROWID;
