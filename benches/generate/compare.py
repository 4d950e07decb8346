"""Times llama.cpp and tirade turn by turn: python3 compare.py BENCH_GENERATE MODEL.gguf [--threads 1] [--rounds 3]

Every round starts a fresh process for each engine. A row is JSON: engine, what, tokens, CPU and wall seconds. The last row has
the median of tokens per CPU second of each engine and their ratio. Linux only (CPU time from /proc).
"""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

PROMPT, TOKENS, BATCHES = 512, 64, (1, 16)


def argument(name, default):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def cpu():
    times = os.times()
    return times.user + times.system


def peer(model, threads):
    """Runs in a process of its own: prints one row per measurement."""
    import xllamacpp
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.n_parallel = model, 16 * 1024, 16
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.cont_batching, params.verbosity = True, -1
    server = xllamacpp.Server(params)

    def complete(prompt, count):
        body = {"prompt": prompt, "n_predict": count, "temperature": 1.5, "top_k": 0, "top_p": 1.0, "min_p": 0.0,
                "cache_prompt": False, "ignore_eos": True, "samplers": ["temperature"]}
        request = urllib.request.Request(server.listening_address + "/completion", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request))["tokens_predicted"]

    def noise(seed, length):
        return [(seed * 7919 + i * 104729 + i * i * 31) % 29000 + 500 for i in range(length)]

    def measure(what, tokens, work):
        wall, used = time.monotonic(), cpu()
        work()
        print(json.dumps({"engine": "llama.cpp", "what": what, "tokens": tokens,
                          "wall": time.monotonic() - wall, "cpu": cpu() - used}), flush=True)

    complete(noise(1000, 16), 4)
    measure("prefill", PROMPT, lambda: complete(noise(1, PROMPT), 1))
    for batch in BATCHES:
        def work():
            jobs = [threading.Thread(target=complete, args=(noise(100 + i, 4), TOKENS)) for i in range(batch)]
            [job.start() for job in jobs]
            [job.join() for job in jobs]
        measure(f"decode {batch}", batch * TOKENS, work)


def rows_of(command):
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def main():
    bench, model = sys.argv[1:3]
    threads, rounds = argument("--threads", "1"), int(argument("--rounds", "3"))
    rates = {}
    for _ in range(rounds):
        theirs = rows_of([sys.executable, __file__, "--peer", model, threads])
        batches = ",".join(map(str, BATCHES))
        ours = rows_of([bench, model, "--threads", threads, "--prompt", str(PROMPT), "--tokens", str(TOKENS),
                        "--batches", batches])
        for row in theirs + [{"engine": "tirade", **row} for row in ours if "what" in row]:
            print(json.dumps(row), flush=True)
            for unit in ("cpu", "wall"):
                rates.setdefault((row["what"], unit, row["engine"]), []).append(row["tokens"] / row[unit])
    for what in ["prefill"] + [f"decode {batch}" for batch in BATCHES]:
        summary = {"model": os.path.basename(model), "threads": int(threads), "what": what, "load": os.getloadavg()[0]}
        for unit in ("cpu", "wall"):
            mine, other = (statistics.median(rates[what, unit, e]) for e in ("tirade", "llama.cpp"))
            summary |= {f"tirade per {unit} s": round(mine, 1), f"llama.cpp per {unit} s": round(other, 1),
                        f"{unit} ratio": round(mine / other, 2)}
        print(json.dumps(summary), flush=True)


if "--peer" in sys.argv:
    peer(sys.argv[2], int(sys.argv[3]))
else:
    main()
