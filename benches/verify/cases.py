"""How many labelled rows are judged as their labels say, by source. See README.md.

Works for answer cases (extraction as each row says) and algebra cases (both sides are bare answers). A corrected label
(`expected_fixed`) counts before the author's.
"""
import argparse, collections, json, os, subprocess, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.join(ROOT, "target/release/examples/verify_cases")


def judged(rows, policy):
    """One output row of tirade for each row."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        for row in rows:
            # Algebra cases have a syntax and no completion around the answer.
            file.write(json.dumps({**row, "raw_answer": True} if "syntax" in row else row) + "\n")
        file.flush()
        out = subprocess.run([BINARY, file.name, "--policy", policy], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in out.stdout.splitlines()]


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("cases")
    args.add_argument("--policy", default="default")
    args.add_argument("--show", action="store_true", help="print what differs")
    args = args.parse_args()
    rows = [json.loads(line) for line in open(args.cases)]
    counts = collections.defaultdict(collections.Counter)
    for row, verdict in zip(rows, judged(rows, args.policy), strict=True):
        expected = row.get("expected_fixed", row["expected"])
        kind = "right" if (verdict["verdict"] == "equal") == expected else "false negative" if expected else "false positive"
        counts[row["source"]][kind] += 1
        counts["all"][kind] += 1
        if args.show and kind != "right":
            print(kind, "|", row["source"], "|", row["gold"][-100:], "|", row["pred"][-100:], "|", verdict["verdict"], verdict["reason"])
    for source, kinds in sorted(counts.items()):
        print(f"{source:20} {kinds['right']:5} of {sum(kinds.values()):5}, {kinds['false positive']} false positives, {kinds['false negative']} false negatives")


main()
