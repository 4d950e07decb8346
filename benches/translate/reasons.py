"""How many lines of explain_code are explanations, and what stopped the others. Reads standard input."""
import collections
import json
import re
import sys

rows = [json.loads(line) for line in sys.stdin]
told = sum("text" in row for row in rows)
print(f"{told} of {len(rows)} explained ({100 * told / max(len(rows), 1):.1f} %)")
why = collections.Counter()
for row in rows:
    if "refused" in row:
        reason = row["refused"].removeprefix("no rule explains ")
        reason = re.sub(r"(the output): .*", r"\1 (another value)", reason)
        why[re.sub(r"\d+", "N", reason)[:70]] += 1
for reason, count in why.most_common(25):
    print(f"{count:6} {reason}")
