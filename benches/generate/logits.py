"""Compares next-token distributions with llama.cpp on the same file.

python3 logits.py BENCH_GENERATE MODEL.gguf PROBLEMS.jsonl [COUNT] [ARGS of bench-generate…]

Prompts are the field "problem" of the first COUNT rows (50). Printed: rows whose likeliest token differs (and by how
much llama.cpp preferred its own), the largest difference of log-probability over tokens that llama.cpp gives at
least 1e-4, and the mean and largest KL divergence over llama.cpp's 1000 likeliest tokens.
"""

import json
import math
import subprocess
import sys
import tempfile
import urllib.request

import xllamacpp

bench, model, problems = sys.argv[1:4]
count = int(sys.argv[4]) if len(sys.argv) > 4 else 50
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.n_parallel, params.warmup = model, 2048, 1, False
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(params)


def post(path, body):
    request = urllib.request.Request(server.listening_address + path, json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))


with open(problems) as rows:
    texts = [json.loads(row)["problem"] for _, row in zip(range(count), rows)]
prompts = [post("/tokenize", {"content": t, "add_special": True})["tokens"] for t in texts]
theirs = []
for tokens in prompts:
    reply = post("/completion", {"prompt": tokens, "n_predict": 1, "n_probs": 1000, "temperature": 0.0,
                                 "cache_prompt": False})
    theirs.append({t["id"]: t["logprob"] for t in reply["completion_probabilities"][0]["top_logprobs"]})
with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
    file.writelines(json.dumps({"tokens": tokens}) + "\n" for tokens in prompts)
    file.flush()
    output = subprocess.run([bench, model, "--logits", file.name, *sys.argv[5:]], check=True, capture_output=True)
ours = [dict(map(tuple, json.loads(line)["top"])) for line in output.stdout.splitlines()]

worst, kls, differing = 0.0, [], []
for a, b in zip(theirs, ours):
    first, second = max(a, key=a.get), max(b, key=b.get)
    if first != second:
        differing.append(round(a[first] - a.get(second, -99), 4))
    worst = max(worst, *(abs(lp - b.get(t, -99)) for t, lp in a.items() if lp > math.log(1e-4)))
    kls.append(sum(math.exp(lp) * (lp - b.get(t, -99)) for t, lp in a.items() if lp > -50))
print(json.dumps({"model": model.split("/")[-1], "args": sys.argv[5:], "prompts": len(prompts),
                  "argmax_differs": differing, "largest_difference": round(worst, 5),
                  "mean_kl": sum(kls) / len(kls), "largest_kl": max(kls)}))
