"""The Python cells of right traces, for explain_code: one JSON array of cells a line.

usage: cells.py tir TRACES.jsonl   (rows with segments of type text, code, output and a label)
       cells.py store STORE.db     (the correct attempts of every solve run, each problem once)
"""
import ast
import json
import sqlite3
import sys


def from_tir(path):
    for line in open(path):
        row = json.loads(line)
        if str(row["label"]) != "True":
            continue
        segments = row["segments"]
        if isinstance(segments, str):
            segments = ast.literal_eval(segments)
        cells = [{"code": a["content"], "output": b["content"], "failed": "Error" in b["content"] or "Traceback" in b["content"]}
                 for a, b in zip(segments, segments[1:]) if a["type"] == "code" and b["type"] == "output"]
        if cells and not all(cell["failed"] for cell in cells):
            yield cells


def from_store(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    seen = set()
    right = "select run, problem, attempt from attempts where outcome = 'correct' and tool_calls > 0"
    for run, problem, attempt in db.execute(right).fetchall():
        if problem in seen:
            continue
        seen.add(problem)
        cells, code = [], {}
        events = db.execute("select event from events where run = ? and problem = ? and attempt = ? order by position", (run, problem, attempt))
        for (event,) in events:
            event = json.loads(event)
            if event["kind"] == "tool_call":
                code[event["call"]["id"]] = json.loads(event["call"]["arguments"]).get("code", "")
            elif event["kind"] == "tool_result":
                cells.append({"code": code[event["call_id"]], "output": event["content"], "failed": event["status"] != "ok"})
        yield cells


if __name__ == "__main__":
    for cells in {"tir": from_tir, "store": from_store}[sys.argv[1]](sys.argv[2]):
        print(json.dumps(cells))
