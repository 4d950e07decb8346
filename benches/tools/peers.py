"""CPU time per call of the ways others make the same calls.

    python peers.py calls.jsonl ROUNDS      (an environment with camel-ai, sympy and numpy)

Counts this process and all its children. One JSON row per way and call.
"""

import json
import os
import subprocess
import sys
import time


def cpu():
    return sum(os.times()[:4])


def plain(call):
    out = subprocess.run([sys.executable, "-c", call["code"]], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr


def camel_subprocess():
    from camel.interpreters import SubprocessInterpreter

    interpreter = SubprocessInterpreter(require_confirm=False, print_stdout=False, print_stderr=False)

    def run(call):
        assert "Traceback" not in interpreter.run(call["code"], "python")

    return run


def camel_toolkit():
    """CAMEL's typed tools run SymPy in the agent's own process, arguments through eval."""
    try:
        from camel.toolkits import SymPyToolkit

        toolkit = SymPyToolkit()
    except ImportError as error:
        toolkit, reason = None, f"CAMEL's toolkits do not import here: {error}"

    def run(call):
        if toolkit is None:
            raise LookupError(reason)
        function = getattr(toolkit, call["tool"], None)
        if function is None:
            raise LookupError("no such tool")
        assert "error" not in function(**call["args"])

    return run


def main():
    calls = [json.loads(line) for line in open(sys.argv[1])]
    rounds = int(sys.argv[2])
    ways = [("python -c", plain, 1), ("CAMEL subprocess", camel_subprocess(), 1), ("CAMEL SymPyToolkit, no sandbox", camel_toolkit(), 50)]
    for way, run, times in ways:
        for call in calls:
            try:
                run(call)
            except LookupError as error:
                print(json.dumps({"way": way, "call": call["name"], "skipped": str(error)}))
                continue
            before, began = cpu(), time.time()
            for _ in range(rounds * times):
                run(call)
            used, wall = cpu() - before, time.time() - began
            count = rounds * times
            row = {"way": way, "call": call["name"], "calls": count, "cpu_ms": round(used / count * 1e3, 4)}
            print(json.dumps(row | {"wall_ms": round(wall / count * 1e3, 4)}))


main()
