"""The yield of every translate run of a store at each gate, the rejections by kind, and the times.

usage: yield.py STORE.db
"""
import collections
import json
import sqlite3
import sys


def main(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    for run, config in db.execute("select run, config from runs where stage = 'translate'").fetchall():
        rows = [(outcome, reason, json.loads(row)) for outcome, reason, row in
                db.execute("select outcome, reason, row from solutions where run = ?", (run,))]
        way = json.loads(config)["options"]["way"]
        calls = [t for _, _, row in rows for t in row["translations"]]
        derived = [t for t in calls if t["text"]]
        print(f"## {way}: {run}")
        print(f"traces {len(rows)}, calls {len(calls)}, calls derived {len(derived)} "
              f"(by {dict(collections.Counter(t['way'] for t in derived))})")
        print(f"traces with every call derived {sum(1 for _, _, r in rows if r['translations'] and all(t['text'] for t in r['translations']))}")
        print(f"accepted {sum(o == 'accepted' for o, _, _ in rows)}, by {dict(collections.Counter(r['way'] for o, _, r in rows if o == 'accepted'))}, "
              f"drafts {dict(collections.Counter(r['drafts'] for o, _, r in rows if o == 'accepted'))}")
        print("not accepted:", dict(collections.Counter(reason for o, reason, _ in rows if o != "accepted").most_common()))
        why = collections.Counter(t["judgement"].split(":")[0][:70] for t in calls if not t["text"])
        print("calls not derived:", dict(why.most_common(12)))
        print()


if __name__ == "__main__":
    main(sys.argv[1])
