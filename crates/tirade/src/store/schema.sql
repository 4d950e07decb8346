-- The store of tirade. Rows are appended, never changed; a stage is repeated by adding a run.

CREATE TABLE runs (
  run       TEXT PRIMARY KEY,          -- stage and hash of everything that determines the rows, e.g. solve-1f0c9a3b77de
  stage     TEXT NOT NULL,             -- solve | translate | corpus | train | eval
  inputs    TEXT NOT NULL,             -- JSON array: the runs whose rows this one reads
  config    TEXT NOT NULL,             -- JSON: the resolved configuration, prompt hashes, model identity
  program   TEXT NOT NULL,             -- version of tirade
  started   INTEGER NOT NULL           -- Unix seconds
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

CREATE TABLE attempts (
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
  PRIMARY KEY (run, problem, attempt)
) STRICT;

CREATE TABLE events (
  run       TEXT NOT NULL,
  problem   TEXT NOT NULL,
  attempt   INTEGER NOT NULL,
  position  INTEGER NOT NULL,
  event     TEXT NOT NULL,             -- JSON Event
  PRIMARY KEY (run, problem, attempt, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE replies (                 -- what models answered, before anything used it
  key       TEXT PRIMARY KEY,          -- hash of model identity and request
  model     TEXT NOT NULL,
  request   TEXT NOT NULL,             -- JSON Request
  reply     TEXT NOT NULL              -- JSON Reply
) STRICT, WITHOUT ROWID;

CREATE TABLE tool_results (            -- what tools returned, before anything used it
  key       TEXT PRIMARY KEY,          -- hash of toolbox identity and every call of the session up to this one
  call      TEXT NOT NULL,             -- JSON: name and arguments
  result    TEXT NOT NULL              -- JSON ToolResult
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
