"""Times llama.cpp and tirade turn by turn: python3 compare.py BENCH_GENERATE MODEL.gguf [--threads 1] [--rounds 3] [--isa ISA] [--tokens 64]

Every round starts a fresh process for each engine. A row is JSON: engine, what, tokens, CPU and wall seconds. The last rows have
the median of tokens per CPU second and per wall second of each engine, and their ratios. Linux only (CPU time of the process).

llama.cpp is called through `llama_cpp`'s C interface, without a server around it, and is fed fixed tokens, so it never
samples; tirade runs its whole engine and samples every token. Which llama.cpp that is, the environment says: LLAMA_CPP_LIB_PATH
names the folder of libllama.so (see README.md for building it for this machine and for AVX2).
"""

import ctypes
import json
import os
import statistics
import subprocess
import sys
import time



def argument(name, default):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


PROMPT, TOKENS, BATCHES = 512, int(argument("--tokens", "64")), (1, 16)


def noise(seed, length):
    return [(seed * 7919 + i * 104729 + i * i * 31) % 29000 + 500 for i in range(length)]


def peer(model, threads):
    """Runs in a process of its own: prints one row per measurement."""
    from llama_cpp import llama_cpp as api
    silence = api.llama_log_callback(lambda level, text, data: None)
    api.llama_log_set(silence, ctypes.c_void_p(0))
    api.llama_backend_init()
    weights = api.llama_model_load_from_file(model.encode(), api.llama_model_default_params())
    options = api.llama_context_default_params()
    options.n_ctx, options.n_batch, options.n_ubatch, options.n_seq_max = 16 * 640, 512, 512, 16
    options.n_threads = options.n_threads_batch = threads
    context = api.llama_init_from_model(weights, options)
    memory = api.llama_get_memory(context)
    batch = api.llama_batch_init(512, 0, 1)

    def decode(rows):
        """`rows`: token, position, sequence, whether its logits are wanted."""
        batch.n_tokens = len(rows)
        for i, (token, position, sequence, wanted) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.n_seq_id[i] = token, position, 1
            batch.seq_id[i][0], batch.logits[i] = sequence, wanted
        if api.llama_decode(context, batch) != 0:
            raise SystemExit("llama_decode failed")
        api.llama_get_logits_ith(context, len(rows) - 1)

    def measure(what, tokens, work):
        wall, used = time.monotonic(), time.process_time()
        work()
        print(json.dumps({"engine": "llama.cpp", "what": what, "tokens": tokens,
                          "wall": time.monotonic() - wall, "cpu": time.process_time() - used}), flush=True)
        api.llama_memory_clear(memory, True)

    def prefill(length):
        tokens = noise(1, length)
        decode([(token, i, 0, i + 1 == length) for i, token in enumerate(tokens)])

    def replies(count):
        tokens = [noise(100 + i, 4 + TOKENS) for i in range(count)]
        decode([(tokens[s][i], i, s, i == 3) for s in range(count) for i in range(4)])
        for i in range(4, 3 + TOKENS):
            decode([(tokens[s][i], i, s, True) for s in range(count)])

    prefill(32)
    api.llama_memory_clear(memory, True)
    measure("prefill", PROMPT, lambda: prefill(PROMPT))
    for count in BATCHES:
        measure(f"decode {count}", count * TOKENS, lambda: replies(count))
    os._exit(0)


def rows_of(command):
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def main():
    bench, model = sys.argv[1:3]
    threads, rounds, isa = argument("--threads", "1"), int(argument("--rounds", "3")), argument("--isa", None)
    ours_command = [bench, model, "--threads", threads, "--prompt", str(PROMPT), "--tokens", str(TOKENS),
                    "--batches", ",".join(map(str, BATCHES))] + (["--isa", isa] if isa else [])
    rates = {}
    for _ in range(rounds):
        theirs = rows_of([sys.executable, __file__, "--peer", model, threads, "--tokens", str(TOKENS)])
        ours = rows_of(ours_command)
        for row in theirs + [{"engine": "tirade", **row} for row in ours if "what" in row]:
            print(json.dumps(row), flush=True)
            for unit in ("cpu", "wall"):
                rates.setdefault((row["what"], unit, row["engine"]), []).append(row["tokens"] / row[unit])
    for what in ["prefill"] + [f"decode {count}" for count in BATCHES]:
        summary = {"model": os.path.basename(model), "isa": isa or "best", "threads": int(threads), "what": what,
                   "load": round(os.getloadavg()[0], 1)}
        for unit in ("cpu", "wall"):
            mine, other = (statistics.median(rates[what, unit, e]) for e in ("tirade", "llama.cpp"))
            summary |= {f"tirade per {unit} s": round(mine, 1), f"llama.cpp per {unit} s": round(other, 1),
                        f"{unit} ratio": round(mine / other, 2)}
        print(json.dumps(summary), flush=True)


if "--peer" in sys.argv:
    peer(sys.argv[2], int(sys.argv[3]))
else:
    main()
