"""MATH train problems of levels 1-3 without diagrams and GSM8K train problems, two to one, drawn with seed 20261123.

usage: choose_problems.py MATH_TRAIN.jsonl GSM8K_TRAIN.jsonl > problems.jsonl
"""
import json
import random
import sys

FIELDS = ("id", "problem", "answer", "solution", "level", "subject", "source")


def rows(path):
    with open(path) as lines:
        return [json.loads(line) for line in lines]


def main(math_path, gsm_path):
    math = [r for r in rows(math_path) if r.get("level") in (1, 2, 3) and "[asy]" not in r["problem"]]
    gsm = rows(gsm_path)
    rng = random.Random(20261123)
    first = rng.sample(math, 90) + rng.sample(gsm, 45)
    rng.shuffle(first)
    known = {r["id"] for r in first}
    more = rng.sample([r for r in math if r["id"] not in known], 50) + rng.sample([r for r in gsm if r["id"] not in known], 25)
    rng.shuffle(more)
    for row in first + more:
        print(json.dumps({name: row[name] for name in FIELDS if name in row}))


if __name__ == "__main__":
    main(*sys.argv[1:])
