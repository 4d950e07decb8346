"""What a translate run made of each trace, beside what it was made from, to be read by a person.

usage: pairs.py STORE.db RUN [accepted | rejected | failed]
"""
import json
import sqlite3
import sys


def main(path, run, wanted=None):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    solved = json.loads(db.execute("select inputs from runs where run = ?", (run,)).fetchone()[0])[0]
    problems = {p: json.loads(row) for p, row in db.execute("select problem, row from problems where run = ?", (solved,))}
    rows = db.execute("select problem, outcome, reason, row from solutions where run = ? order by problem", (run,)).fetchall()
    for problem, outcome, reason, row in rows:
        if wanted in (None, outcome):
            row = json.loads(row)
            print("=" * 100, f"{problem}: {outcome} {reason} ({row['way']}, {row['drafts']} drafts), gold {problems[problem]['answer']}", sep="\n")
            print(problems[problem]["problem"])
            for call in row["translations"]:
                print(f"  result {call['result']!r}: {call['way']}, {call['tries']} tries, {call['judgement']}")
                if call.get("refused"):
                    print("  the last try:", call["refused"], sep="\n")
            print("---", row["text"], sep="\n")
            for finding in row["findings"]:
                print(f"  ! {finding['kind']}: {finding['message']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
