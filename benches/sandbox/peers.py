"""CPU time per call of the ways others run a model's Python, on the cells of cells.jsonl.

    python peers.py cells.jsonl ROUNDS      (an environment with camel-ai, sympy and numpy)

Counts this process and all its children, as the Rust side does. One JSON row per way and cell.
"""

import json
import os
import subprocess
import sys
import time


def cpu():
    return sum(os.times()[:4])


def plain(code):
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    return out.stdout


def camel():
    try:
        from camel.interpreters import SubprocessInterpreter
    except ImportError as error:
        print(json.dumps({"way": "CAMEL subprocess", "skipped": str(error)}))
        return None
    interpreter = SubprocessInterpreter(require_confirm=False, print_stdout=False, print_stderr=False)

    def run(code):
        result = interpreter.run(code, "python")
        assert "Traceback" not in result, result
        return result

    return run


def main():
    cells = [json.loads(line) for line in open(sys.argv[1])]
    rounds = int(sys.argv[2])
    ways = {"python -c": plain, "CAMEL subprocess": camel()}
    for way, run in ways.items():
        if run is None:
            continue
        run("pass")
        for cell in cells:
            before, began = cpu(), time.time()
            for _ in range(rounds):
                run(cell["code"])
            used, wall = cpu() - before, time.time() - began
            row = {"way": way, "cell": cell["name"], "calls": rounds, "cpu_ms": round(used / rounds * 1e3, 3)}
            print(json.dumps(row | {"wall_ms": round(wall / rounds * 1e3, 3), "calls_per_s": round(rounds / wall, 3)}))


main()
