"""tirade-math beside Math-Verify on the same rows, in one run. See README.md."""
import argparse, json, os, random, resource, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BINARY = os.path.join(ROOT, "target/release/examples/bench_pairs")


def children_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(path, mode, repeat):
    """Rows per CPU-second, reading the file and starting the process not counted."""
    def run(n):
        before = children_cpu()
        out = subprocess.run([BINARY, path, mode, str(n)], capture_output=True, text=True, check=True).stdout.split()
        return children_cpu() - before, int(out[0]), int(out[1])
    base, _, _ = run(0)
    cpu, rows, equal = run(repeat)
    return rows / max(cpu - base, 1e-9), equal // repeat


def math_verify(rows):
    """Rows per CPU-second and verdicts of Math-Verify, called as its README says, timeouts as delivered."""
    from math_verify import parse, verify
    verdicts = []
    before = time.process_time()
    for row in rows:
        gold = parse("\\boxed{" + row["gold"] + "}") if "boxed" not in row["gold"] else parse(row["gold"])
        verdicts.append(bool(verify(gold, parse(row["pred"]))))
    return len(rows) / (time.process_time() - before), verdicts


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--cases", required=True, help="answer_cases.jsonl")
    args.add_argument("--completions", help="model_outputs.jsonl with full responses")
    args.add_argument("--rows", type=int, default=400, help="rows of each kind that both judge")
    args.add_argument("--repeat", type=int, default=60)
    args = args.parse_args()
    cases = [json.loads(line) for line in open(args.cases)]
    random.seed(7)
    pairs = [r for r in cases if r["source"] == "math500-mutations"]
    sets = {"MATH pairs": random.sample(pairs, min(args.rows, len(pairs)))}
    others = [r for r in cases if r["source"] != "math500-mutations"]
    sets["other cases"] = random.sample(others, min(args.rows, len(others)))
    if args.completions:
        full = [json.loads(line) for line in open(args.completions)]
        full = [{"gold": str(r["gold"]), "pred": r["response"], "expected": r["label"]} for r in full if r.get("response") and "boxed" in r["response"]]
        sets["LLM completions"] = random.sample(full, min(args.rows, len(full)))
    from importlib.metadata import version
    print("math-verify", version("math-verify"), "sympy", version("sympy"), "python", sys.version.split()[0])
    print("| rows | n | tirade, gold read once /CPU-s | tirade, gold read each time /CPU-s | Math-Verify /CPU-s | ratio (each time) | right: tirade | right: Math-Verify |")
    print("|---|---|---|---|---|---|---|---|")
    for name, rows in sets.items():
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl", delete=False) as out:
            for r in rows:
                out.write(json.dumps({k: r[k] for k in ("gold", "pred", "extraction_config") if r.get(k) is not None}) + "\n")
        reuse, equal = ours(out.name, "reuse", args.repeat)
        fresh, _ = ours(out.name, "fresh", args.repeat)
        judged = subprocess.run([BINARY.replace("bench_pairs", "verify_cases"), out.name], capture_output=True, text=True).stdout
        mine = [json.loads(line)["verdict"] == "equal" for line in judged.splitlines()]
        expected = [r.get("expected_fixed", r["expected"]) for r in rows]
        peer, theirs = math_verify(rows)
        right = lambda got: sum(a == b for a, b in zip(got, expected))
        print(f"| {name} | {len(rows)} | {reuse:,.0f} | {fresh:,.0f} | {peer:,.0f} | {fresh / peer:,.0f} | {right(mine)} | {right(theirs)} |", flush=True)
        os.unlink(out.name)


main()
