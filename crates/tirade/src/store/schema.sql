-- The store of tirade. Rows are appended, never changed (but for the state of batches); a stage is repeated by adding a run.

CREATE TABLE runs (
  run       TEXT PRIMARY KEY,          -- stage and hash of everything that determines the rows, e.g. solve-1f0c9a3b77de
  stage     TEXT NOT NULL,             -- solve | translate | corpus | train | eval
  inputs    TEXT NOT NULL,             -- JSON array: the runs whose rows this one reads
  config    TEXT NOT NULL,             -- JSON: the resolved configuration, prompt hashes, model identity
  program   TEXT NOT NULL,             -- version of tirade
  started   INTEGER NOT NULL           -- Unix seconds
) STRICT;

CREATE TABLE commands (                -- what was typed, so that `tirade retry` can give it again
  run       TEXT PRIMARY KEY REFERENCES runs(run),
  words     TEXT NOT NULL              -- JSON array
) STRICT;

CREATE TABLE finished (
  run       TEXT PRIMARY KEY REFERENCES runs(run),
  at        INTEGER NOT NULL           -- Unix seconds
) STRICT;

CREATE TABLE work (                    -- how long commands worked on a run; a killed one leaves no row
  run       TEXT NOT NULL REFERENCES runs(run),
  seconds   REAL NOT NULL              -- wall time of one command
) STRICT;

CREATE TABLE problems (
  run       TEXT NOT NULL REFERENCES runs(run),
  position  INTEGER NOT NULL,          -- order in the run's selection
  problem   TEXT NOT NULL,             -- problem id
  row       TEXT NOT NULL,             -- JSON Problem
  PRIMARY KEY (run, problem)
) STRICT;
CREATE INDEX problems_in_order ON problems (run, position);

CREATE TABLE attempts (
  id        INTEGER PRIMARY KEY,
  run       TEXT NOT NULL REFERENCES runs(run),
  problem   TEXT NOT NULL,
  attempt   INTEGER NOT NULL,
  outcome   TEXT NOT NULL,             -- correct | wrong | undecided | no_answer | limit | tool_error | error
  answer    TEXT,
  message   TEXT,                      -- why, in a sentence
  stage     TEXT,                      -- which part of the verifier decided
  tool_calls INTEGER NOT NULL,
  tool_errors INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  seconds   REAL NOT NULL,             -- waiting for model and tools
  cost      REAL,                      -- US dollars; NULL where the model has no price
  UNIQUE (run, problem, attempt)
) STRICT;

CREATE TABLE traces (                  -- beside the attempts, so that counting those does not go through their events
  id        INTEGER PRIMARY KEY,       -- of the attempt
  events    TEXT NOT NULL              -- JSON array of Event
) STRICT;

-- The large rows lie in the order in which they came, with a small index over the hashes: a tree of large rows in the order of
-- hashes costs many times the time.
CREATE TABLE replies (                 -- what models answered, before anything used it
  key       TEXT NOT NULL UNIQUE,      -- 32 hexadecimal digits: hash of model identity and request
  reply     TEXT NOT NULL              -- JSON Reply
) STRICT;

CREATE TABLE tool_results (            -- what tools returned, before anything used it
  key       TEXT NOT NULL UNIQUE,      -- 32 hexadecimal digits: hash of toolbox identity and every call of the session up to this one
  result    TEXT NOT NULL              -- JSON ToolResult
) STRICT;

CREATE TABLE calls (                   -- every reply that was asked for, in the order in which they came: the account of a run
  run       TEXT NOT NULL,             -- who asked; later askers find the reply in the store and have no row here
  model     TEXT NOT NULL,             -- identity
  reply     TEXT NOT NULL,             -- key of the reply
  prompt_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  seconds   REAL NOT NULL,
  cost      INTEGER                    -- in units of 10^-12 US dollars; NULL where the model has no price
) STRICT;
CREATE INDEX calls_of_run ON calls (run);

CREATE TABLE batches (                 -- jobs of providers that answer many requests at once, within a day, for less
  tag       TEXT PRIMARY KEY,          -- our name, sent along: it finds a job whose id was not stored before a kill
  server    TEXT NOT NULL,             -- base URL
  model     TEXT NOT NULL,             -- identity
  job       TEXT,                      -- the provider's id; NULL until the provider has told it
  done      INTEGER NOT NULL           -- 1 once every reply is in the store
) STRICT;

CREATE TABLE batched (                 -- the requests of a batch
  tag       TEXT NOT NULL REFERENCES batches(tag),
  key       TEXT NOT NULL,             -- key of the reply it will be
  PRIMARY KEY (tag, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE solutions (
  run       TEXT NOT NULL REFERENCES runs(run),
  problem   TEXT NOT NULL,
  attempt   INTEGER NOT NULL,
  outcome   TEXT NOT NULL,             -- accepted | rejected | failed
  reason    TEXT NOT NULL,             -- kind of the first finding, empty when accepted
  row       TEXT NOT NULL,             -- JSON Solution
  PRIMARY KEY (run, problem, attempt)
) STRICT;

CREATE TABLE examples (
  run       TEXT NOT NULL REFERENCES runs(run),
  position  INTEGER NOT NULL,
  problem   TEXT NOT NULL,
  split     TEXT NOT NULL,             -- train | validation
  row       TEXT NOT NULL,             -- JSON Example
  PRIMARY KEY (run, position)
) STRICT;

CREATE TABLE adapters (
  run       TEXT PRIMARY KEY REFERENCES runs(run),
  path      TEXT NOT NULL,
  row       TEXT NOT NULL              -- JSON: base model, options, losses, hash of the weights
) STRICT;

CREATE TABLE scores (
  run       TEXT NOT NULL REFERENCES runs(run),
  metric    TEXT NOT NULL,             -- accuracy, pass@k, maj@k, tool_use, …
  slice     TEXT NOT NULL,             -- all, level=3, subject=algebra
  value     REAL NOT NULL,
  low       REAL,                      -- 95 % interval
  high      REAL,
  count     INTEGER NOT NULL,
  PRIMARY KEY (run, metric, slice)
) STRICT;

CREATE TABLE bad_rows (                -- rows of an import that could not become an attempt
  run       TEXT NOT NULL REFERENCES runs(run),
  file      TEXT NOT NULL,
  line      INTEGER NOT NULL,          -- from 1
  field     TEXT NOT NULL,
  expected  TEXT NOT NULL,
  found     TEXT NOT NULL,
  PRIMARY KEY (run, file, line, field)
) STRICT;

CREATE TABLE facts (                   -- what was measured once and is true for good: calibrations, log-probabilities, cards
  key       TEXT PRIMARY KEY,          -- what it is and the hash of everything that determines it
  row       TEXT NOT NULL              -- JSON
) STRICT, WITHOUT ROWID;
