//! What `tirade COMMAND --help` says below the options: examples, and what a command reads and leaves.

pub const QUICKSTART: &str = "\
What it leaves, in --dir:
  tirade.db      every trace, solution and score (SQLite; `tirade export` writes tables of it)
  corpus/        the training corpus as JSONL, with a card
  adapters/      the LoRA adapter in PEFT's format
  report.html    the page to look at
  logs/          what happened, line by line

Examples:
  tirade quickstart
  tirade quickstart --set solve.num=5 --set train.rank=8
  tirade --dir again quickstart        # a second experiment beside the first";

pub const RUN: &str = "\
A recipe:
  title = \"my experiment\"
  [solve]
  model = \"openai:gpt-4o-mini\"
  dataset = \"algebra\"
  num = 100
  [translate]
  model = \"openai:gpt-4o-mini\"
  [corpus]
  [train]
  model = \"local:qwen2.5-coder-0.5b-instruct\"
  rank = 16
  [eval]
  adapter = \"latest\"
  dataset = \"math500\"
  [report]

Examples:
  tirade run recipes/quickstart.toml
  tirade --dir small run recipes/quickstart.toml --set solve.num=5";

pub const SOLVE: &str = "\
Rows: one attempt each, judged against the gold answer: correct, wrong, undecided, no answer, limit, tool error, error.
A bad row costs itself only; `tirade retry` forgets those that ended in an error.

Examples:
  tirade solve --dataset algebra --level 1 --num 10 --sympy-toolkit
  tirade solve --dataset math --shuffle 1 --num 100 --model openai:gpt-4o-mini --attempts 4 --temperature 0.7 --max-cost 2
  tirade solve --dataset gsm8k --model http://host:8000/v1#Qwen/Qwen2.5-7B-Instruct --protocol fenced
  tirade solve --dataset mine.csv --field problem=question,answer=target
  tirade solve --dataset math --job-id 0 --total-jobs 4      # the first of four processes that share the work

Then: `tirade show` to read a trace, `tirade translate` to turn the correct ones into prose.";

pub const TRANSLATE: &str = "\
A trace is accepted, or rejected with the finding and its place; text that was rejected goes into no corpus.

Examples:
  tirade translate                                  # the latest solve run
  tirade translate --way rules                      # no model: the tools' own derivations
  tirade translate --way llm --model openai:gpt-4o-mini --judge mistral:mistral-large-latest
  tirade show PROBLEM                               # a trace beside its prose

Then: `tirade corpus`.";

pub const IMPORT: &str = "\
A solve run like any other: `tirade show` shows the traces, `tirade translate` turns the correct ones into prose.

Examples:
  tirade import tora.jsonl                          # every row is looked at
  tirade import MATH_test_result-correct.jsonl --format mathcoder --name mathcoder
  tirade import run_reasoning.csv                   # the paper's; its problems are in run_problem.csv beside it

Then: `tirade translate`.";

pub const RECHECK: &str = "\
For when mathematics, judge or checks have become better, or stricter. Stored replies are used where today's code would ask for the same; a text
that would have to be written anew is checked as it is.

Examples:
  tirade recheck                                    # the latest translate run
  tirade corpus                                     # the recheck is the latest now";

pub const JUDGE: &str = "\
The same is done before a run by `tirade translate --judge-bar 0.8`, which refuses to start with a judge below the bar.

Examples:
  tirade judge --model local:qwen2.5-coder-1.5b-instruct
  tirade judge --model openai:gpt-4o-mini --judge-cases 100 --judge-bar 0.9";

pub const CORPUS: &str = "\
Examples:
  tirade corpus                                     # the latest translate run
  tirade corpus --held-out math500,gsm8k --validation 0.05 --per-problem 2
  tirade corpus --student local:qwen2.5-coder-0.5b-instruct --format messages,parquet
  tirade corpus --preset raw                        # an ablation: the same attempts, other text

Then: `tirade train`.";

pub const TRAIN: &str = "\
Examples:
  tirade train --check                              # what would be supervised, how long it takes, how much memory; trains nothing
  tirade train --model local:qwen2.5-coder-0.5b-instruct --rank 64 --train-epochs 3
  tirade train --model ./Qwen2.5-0.5B-Instruct --learning-rate 1e-4 --batch-size 8

The adapter loads in PEFT and vLLM. Then: `tirade eval --adapter latest`.";

pub const EVAL: &str = "\
Examples:
  tirade eval --adapter latest                      # base and adapter on the built-in test problems
  tirade eval --model local:qwen2.5-coder-0.5b-instruct --dataset math500 --num 100
  tirade eval --dataset gsm8k --attempts 8 --temperature 0.7      # also pass@k and maj@k";

pub const REPORT: &str = "\
Examples:
  tirade report
  tirade --dir small report --output small.html --csv tables/";

pub const RUNS: &str = "\
Examples:
  tirade runs
  tirade runs --json | jq .config                   # the resolved configuration of every run";

pub const SHOW: &str = "\
Examples:
  tirade show                                       # the first attempt of the latest solve run
  tirade show starter/algebra/1 --attempt 2
  tirade show starter/algebra/1 --json";

pub const EXPORT: &str = "\
Examples:
  tirade export --table reasoning --output reasoning.csv          # the columns of the paper's code
  tirade export --table traces --format jsonl
  tirade export --table solutions --format parquet --output solutions.parquet";

pub const RETRY: &str = "\
Examples:
  tirade retry && tirade solve …                    # the same solve command as before";

pub const DATA: &str = "\
Examples:
  tirade data list
  tirade data import MATH/train --name math
  tirade data import mine.csv --name mine --field problem=question,answer=target
  tirade data show algebra --level 5 --num 3";

pub const MODELS: &str = "\
Examples:
  tirade models list
  tirade models pull qwen2.5-coder-1.5b-instruct
  tirade models show qwen2.5-coder-1.5b-instruct --verify";

pub const TOOL: &str = "\
Examples:
  tirade tool list
  tirade tool call solve_equation --args '{\"sympy_equation\": \"x^2 = 4\", \"variable\": \"x\"}'
  echo 'sum(k**2 for k in range(1, 11))' | tirade tool python -
  tirade tool batch < calls.jsonl > results.jsonl";

pub const VERIFY: &str = "\
Examples:
  tirade verify --gold '\\frac{1}{2}' --answer 0.5
  tirade verify --gold 'x=3' --answer 'So the value is $\\boxed{3}$.'
  tirade verify --cases rows.jsonl --threads 2 > verdicts.jsonl
  echo '{\"gold\": \"1/2\", \"pred\": \"so \\\\boxed{0.5}\"}' | tirade verify --cases - --policy strict
  echo '{\"answers\": [\"1/2\", \"0.5\", \"2\"]}' > votes.jsonl && tirade verify --group votes.jsonl";

pub const CHECK: &str = "\
Examples:
  tirade check --cases solutions.jsonl > findings.jsonl
  echo '{\"problem\": \"1+2?\", \"gold\": \"3\", \"text\": \"$1+2=4$, so \\\\boxed{3}.\"}' > one.jsonl && tirade check --cases one.jsonl";

pub const MOCK_SERVER: &str = "\
Examples:
  tirade mock-server --script replies.jsonl --latency 50ms..300ms --fail rate_limit=0.1,lost=0.02
  tirade solve --model http://127.0.0.1:8000/v1#mock --num 10";

pub const DOCTOR: &str = "\
Examples:
  tirade doctor
  tirade doctor --repair                            # remake the tools' Python";

pub const SERVE: &str = "\
Examples:
  tirade serve --model local:smollm2-135m-instruct
  tirade serve --model local:qwen2.5-coder-0.5b-instruct --adapter mine=tirade-work/adapters/train-0123456789ab
  curl http://127.0.0.1:8000/v1/chat/completions -d '{\"model\": \"mine\", \"messages\": [{\"role\": \"user\", \"content\": \"2+2?\"}]}'";
