"""The rows of run.sh as a table: median CPU milliseconds per call, and how many times the cost of a known way.

    python3 summary.py rows.jsonl
"""

import json
import statistics
import sys

rows = [json.loads(line) for line in open(sys.argv[1])]
ways = list(dict.fromkeys(row["way"] for row in rows))
calls = list(dict.fromkeys(row["call"] for row in rows))


def median(way, call):
    values = [row["cpu_ms"] for row in rows if row["way"] == way and row["call"] == call and "cpu_ms" in row]
    return statistics.median(values) if values else None


print("| way | " + " | ".join(calls) + " | CAMEL subprocess costs |")
print("|---" * (len(calls) + 2) + "|")
for way in ways:
    cells = [median(way, call) for call in calls]
    ratios = [median("CAMEL subprocess", call) / value for call, value in zip(calls, cells) if value]
    shown = ["–" if value is None else f"{value:.4g}" for value in cells]
    ratio = f"{statistics.geometric_mean(ratios):,.3g} ×" if ratios else "did not run"
    print(f"| {way} | " + " | ".join(shown) + f" | {ratio} |")
