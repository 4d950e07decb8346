#!/usr/bin/env python3
"""Decontamination measured with the program itself: measure.py TIRADE DATA [SHOW]. See README.md."""

import collections
import hashlib
import json
import pathlib
import random
import resource
import subprocess
import sys
import tempfile

TIRADE, DATA = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
UNSEEN = "unseen" in sys.argv
SHOW = next((int(word) for word in sys.argv[3:] if word.isdigit()), 0)


def rows(name):
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").open()]


def statements(name):
    return [row["problem"] for row in rows(name)]


def rephrased():
    texts = [row["text"] for row in rows("gsm8k_test_rephrased")]
    return [text.removeprefix("Question: ").split("\nAnswer:")[0] for text in texts]


def shouted():
    """The same statements, written differently."""
    return ["  " + text.upper().replace("?", " ?") + "\n" for text in statements("gsm8k_test")]


def traces(folder, name, texts):
    """Traces whose solutions have nothing in common, so that no other filter takes any."""
    path = folder / f"{name}.jsonl"
    with path.open("w") as file:
        for number, text in enumerate(texts):
            digest = hashlib.sha256(f"{name}{number}".encode()).hexdigest()
            words = " ".join("".join(chr(97 + int(c, 16)) for c in digest[i : i + 4]) for i in range(0, 48, 4))
            solution = words + r" \boxed{1}"
            segments = [{"type": "text", "content": solution}]
            row = {"id": str(number), "problem": text, "answer": "1", "solution": solution, "segments": segments}
            file.write(json.dumps(row) + "\n")
    return path


def tirade(folder, *arguments):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run([TIRADE, "--dir", folder / "work", *arguments], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def measure(name, texts, held_out, made_from=None):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        tirade(folder, "import", traces(folder, "set", texts))
        run = next(line.split()[0] for line in tirade(folder, "runs")[0].splitlines() if line.startswith("solve-"))
        arguments = ["--preset", "gold", "--from", run, "--validation", "0", "--output", "out"]
        _, seconds = tirade(folder, "corpus", *arguments, "--held-out", DATA / f"{held_out}.jsonl")
        pairs = [json.loads(line) for line in (folder / "out/contamination.jsonl").open()]
    first = {}
    for pair in pairs:
        first.setdefault(pair["problem"], pair)
    right = ""
    if made_from:
        ids = {row["problem"]: row["id"] for row in rows(made_from)}
        wanted = dict(zip(texts, (ids[text] for text in statements(made_from))))
        stripped = {text.strip(): held for text, held in wanted.items()}
        found = {pair["statement"] for pair in pairs if stripped[pair["statement"]] == pair["id"]}
        right = f"{100 * len(found) / len(set(stripped)):.2f} %"
    kinds = collections.Counter(pair["kind"] for pair in first.values())
    unlike = len({text.strip() for text in texts})
    counts = " | ".join(str(kinds[kind]) for kind in ("exact", "numbers_changed", "ngram", "rephrased"))
    print(f"| {name} | {held_out} | {unlike} | {100 * len(first) / unlike:.2f} % | {right} | {counts} | {seconds:.1f} |", flush=True)
    if not made_from:
        shown = [pair for pair in first.values() if pair["kind"] != "exact"]
        for pair in random.Random(1).sample(shown, min(SHOW, len(shown))):
            print(f"\n{pair['kind']} {pair['score']:.2f}: {pair['shared']}\n  {pair['statement']}\n  {pair['held_out_statement']}")


print("| statements | held out | n | found | right one | exact | numbers changed | n-gram | rephrased | CPU s |")
print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")
if not UNSEEN:
    # Contamination that is known. In the first two, statement n is made from item n of GSM8K test.
    measure("GSM8K test in capitals, other spaces", shouted(), "gsm8k_test", "gsm8k_test")
    measure("GSM8K test, rephrased by a model", rephrased(), "gsm8k_test", "gsm8k_test")
    measure("GSM-Hard (numbers changed)", statements("gsm_hard"), "gsm8k_test")
    # What is flagged here is to be read by a person.
    measure("MATH train", statements("math_train"), "gsm8k_test")
    measure("GSM8K train", statements("gsm8k_train"), "gsm8k_test")
    measure("SVAMP", statements("svamp"), "gsm8k_test")
    measure("MATH-500 (a part of it)", statements("math500"), "math_test")
    measure("MATH train", statements("math_train"), "math_test")
# Sets that no rule was drawn on: the same competitions collected by others, and sets that should have nothing in common.
measure("AIME 2024", statements("aime24"), "aime_2022_2024")
measure("AMC 2023", statements("amc23"), "amc_2022_2023_rllm")
measure("AIME 2025", statements("aime25"), "aime_2022_2024")
for name in ("champ", "olympiadbench", "aime_2022_2024", "amc_2022_2023_rllm"):
    measure(name, statements(name), "gsm8k_test")
    measure(name, statements(name), "math_test")
