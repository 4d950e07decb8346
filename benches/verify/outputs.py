"""Labelled model outputs: where our verdict and the label disagree, by origin and kind. See README.md."""
import argparse, collections, json, os, re, subprocess, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.join(ROOT, "target/release/examples/verify_cases")


def number(text):
    """The float a plain number is, thousands commas dropped."""
    try:
        return float(text.replace(",", "").replace("$", "").rstrip("%. "))
    except ValueError:
        return None


def kind(row, equal):
    """What the disagreement is about, told from the two texts alone."""
    gold, got = str(row["gold"]).strip(), str(row["prediction"]).strip()
    g, p = number(gold), number(got)
    if g is not None and p is not None:
        if g == p:
            return "the same number in another spelling, label says different"
        if abs(g - p) <= 1e-2 * max(1.0, abs(g)):
            return "rounded, label says equal" if not equal else "rounded, label says different"
        return "different numbers, label says equal" if not equal else "different numbers, called equal"
    if p is not None and re.search(r"\\d\.\\d", got) and not equal:
        return "decimal for an exact gold, label says equal"
    return "label says different (text comparison of its maker)" if equal else "label says equal, ours does not"


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("outputs")
    args.add_argument("--policy", default="default")
    args.add_argument("--show", type=int, default=0, help="print so many of each kind")
    args = args.parse_args()
    rows = [json.loads(line) for line in open(args.outputs)]
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as cases:
        for r in rows:
            cases.write(json.dumps({"gold": str(r["gold"]), "pred": str(r["prediction"]), "raw_answer": True}) + "\n")
        cases.flush()
        out = subprocess.run([BINARY, cases.name, "--policy", args.policy], capture_output=True, text=True, check=True).stdout
    total, agree, kinds, shown = collections.Counter(), collections.Counter(), collections.Counter(), collections.Counter()
    for row, line in zip(rows, out.splitlines()):
        equal = json.loads(line)["verdict"] == "equal"
        origin = row["origin"]
        total[origin] += 1
        agree[origin] += equal == row["label"]
        if equal != row["label"]:
            key = (origin, kind(row, equal))
            kinds[key] += 1
            if kinds[key] <= args.show:
                print(key[1], "|", row["gold"], "|", row["prediction"], "|", json.loads(line)["reason"])
    for origin in total:
        print(f"{origin}: {agree[origin]} of {total[origin]} agree")
        for (where, what), count in kinds.most_common():
            if where == origin:
                print(f"    {count} {what}")


main()
