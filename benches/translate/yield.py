"""The yield of every translate run of a store at each gate, the rejections by kind, and the times.

usage: yield.py STORE.db
"""
import collections
import json
import sqlite3
import sys


def gates(rows):
    """What is left after each gate, in the order of the checks: a text counts for the first thing that is wrong with it."""
    order = ["derivation", "model", "answer", "equation", "tool_talk", "markup", "missing_result", "unsupported_number", "shape"]
    left, seen = len(rows), collections.Counter(reason for outcome, reason, _ in rows if outcome != "accepted")
    for kind in order + sorted(set(seen) - set(order)):
        left -= seen[kind]
        print(f"  after {kind:20} {left:4} ({100 * left / max(len(rows), 1):.1f} %)" + (f"   -{seen[kind]}" if seen[kind] else ""))


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
        gates(rows)
        asked, prompt, cached, written = db.execute(
            "select count(*), total(prompt_tokens), total(cached_tokens), total(completion_tokens) from calls where run = ?", (run,)).fetchone()
        seconds = db.execute("select total(seconds) from work where run = ?", (run,)).fetchone()[0]
        print(f"replies asked for {asked}: {prompt:.0f} tokens read ({cached:.0f} of them known already), {written:.0f} written; {seconds:.0f} s at work")
        print()


if __name__ == "__main__":
    main(sys.argv[1])
