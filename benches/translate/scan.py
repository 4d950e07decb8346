"""An independent scan of accepted prose for tool talk, tags and code: its words are its own, not those of the checks.

usage: scan.py STORE.db   (every translate run of the store)
"""
import json
import re
import sqlite3
import sys

WORDS = re.compile(
    r"\b(python|sympy|numpy|program\w*|script\w*|code[sd]?|coding|snippet|tool\w*|comput(er|ers)|calculator\w*|software|execut\w+|"
    r"interpreter\w*|api|library|import(s|ed|ing)?|print(s|ed|ing)?|stdout|output(s|ted|ting)?|run(s|ning)? the|ran the|"
    r"function call\w*|call(s|ed|ing)? the function|returns?|returned|syntax|(?<!euclidean )algorithm\w*|debug\w*|variable name\w*|"
    r"as computed|was computed|we computed (using|with)|according to the result)\b", re.I)
MARKUP = re.compile(r"```|`[^`]*`|</?\w[^>]*>|\[/?(INST|TOOL\w*|asy)\]|<\|[^|]*\||^\s*(def|import|from) \w+", re.M)


def leaks(text, problem):
    """What the prose says and the problem did not."""
    found = {m.group(0).lower() for m in WORDS.finditer(text)} | {m.group(0) for m in MARKUP.finditer(text)}
    return sorted(word for word in found if word.lower().rstrip("s") not in problem.lower())


def main(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    for run, inputs, config in db.execute("select run, inputs, config from runs where stage = 'translate'").fetchall():
        solved = json.loads(inputs)[0]
        problems = {p: json.loads(row)["problem"] for p, row in db.execute("select problem, row from problems where run = ?", (solved,))}
        accepted = [(p, json.loads(row)) for p, row in
                    db.execute("select problem, row from solutions where run = ? and outcome = 'accepted'", (run,))]
        hits = [(p, found) for p, row in accepted if (found := leaks(row["text"], problems.get(p, "")))]
        print(f"{run} ({json.loads(config)['options']['way']}): {len(hits)} of {len(accepted)} accepted texts have something of the kind")
        for problem, found in hits:
            print(f"  {problem}: {', '.join(found)}")


if __name__ == "__main__":
    main(sys.argv[1])
