"""Does a merged GGUF say in llama.cpp what base and adapter say here?

    python merged.py TIRADE BENCH_GENERATE BASE.gguf ADAPTER [PROMPTS, at most 5]          (pip install xllamacpp==2026.10.11549)

Merges to F32 with `tirade models merge`, which checks logits itself; then compares greedy replies of up to 200 tokens: tirade with the
adapter unmerged (exact), llama.cpp with the merged file, and llama.cpp with the base alone to see that the adapter matters.
"""

import json, os, subprocess, sys, tempfile, urllib.request
import xllamacpp

tirade, bench, base, adapter = map(os.path.abspath, sys.argv[1:5])
count = int(sys.argv[5]) if len(sys.argv) > 5 else 5
PROMPTS = ["What is 17 * 23?", "Solve for x: 3x + 5 = 20", "Tom has 3 boxes of 12 pens and gives 7 away. How many are left?",
           "Name three prime numbers.", "Write a short sentence about rain."][:count]


def replies(path):
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.n_parallel, params.warmup = path, 1024, 1, False
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    for prompt in PROMPTS:
        body = {"messages": [{"role": "user", "content": prompt}], "temperature": 0, "max_tokens": 200, "cache_prompt": False}
        request = urllib.request.Request(server.listening_address + "/v1/chat/completions", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        yield json.load(urllib.request.urlopen(request))["choices"][0]["message"]["content"].strip()


with tempfile.TemporaryDirectory() as folder:
    merged = folder + "/merged.gguf"
    command = [tirade, "models", "merge", "--model", "file:" + base, "--adapter", adapter, "--output", merged, "--dtype", "f32"]
    print(subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout.strip())
    show = lambda prompt: [bench, base, "--precision", "exact", "--adapter", adapter, "--show", prompt]
    ours = [subprocess.run(show(p), check=True, capture_output=True, text=True).stdout.strip() for p in PROMPTS]
    theirs, plain = list(replies(merged)), list(replies(base))
for prompt, a, b in zip(PROMPTS, ours, theirs):
    print(json.dumps({"prompt": prompt, "equal": a == b, "tirade": a} | ({} if a == b else {"llama.cpp": b})))
print(json.dumps({"prompts": len(PROMPTS), "equal": sum(a == b for a, b in zip(ours, theirs)),
                  "base differs": sum(a != b for a, b in zip(theirs, plain))}))
