"""Trains the same model on the same tokens with transformers + PEFT and prints one JSON line like `train_bench`.

    python peft_bench.py --model M.gguf --tokens T.json --adapter INITIAL [--steps 3] [--threads 1] [--rate 2e-4] [--checkpointing 1]

`--adapter` is an adapter directory tirade wrote: PEFT loads it and goes on from there, so both start from the same weights.
Without it a fresh adapter of `--rank` is made. Batched as one padded forward pass, as the usual trainers do.
"""

import argparse, json, os, resource, time

p = argparse.ArgumentParser()
for name, default in dict(model="", tokens="", adapter="", save="").items():
    p.add_argument("--" + name, default=default)
for name, default in dict(steps=3, threads=1, rank=16, checkpointing=0, micro=0).items():
    p.add_argument("--" + name, type=int, default=default)
p.add_argument("--rate", type=float, default=2e-4)
a = p.parse_args()
os.environ["OMP_NUM_THREADS"] = str(a.threads)
import torch, peft, transformers

torch.set_num_threads(a.threads)
folder, file = os.path.split(os.path.abspath(a.model))
net = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
if a.adapter:
    net = peft.PeftModel.from_pretrained(net, a.adapter, is_trainable=True)
else:
    modules = "q_proj k_proj v_proj o_proj gate_proj up_proj down_proj".split()
    net = peft.get_peft_model(net, peft.LoraConfig(r=a.rank, lora_alpha=2 * a.rank, target_modules=modules, task_type="CAUSAL_LM"))
if a.checkpointing:
    net.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    net.enable_input_require_grads()
net.train()
rows = json.load(open(a.tokens))
longest = max(len(r["tokens"]) for r in rows)
pad = lambda values, fill: values + [fill] * (longest - len(values))
ids = torch.tensor([pad(r["tokens"], 0) for r in rows])
mask = torch.tensor([pad([1] * len(r["tokens"]), 0) for r in rows])
labels = torch.tensor([pad([t if w > 0 and i > 0 else -100 for i, (t, w) in enumerate(zip(r["tokens"], r["weights"]))], -100) for r in rows])
count = (labels[:, 1:] != -100).sum()
trained = [q for q in net.parameters() if q.requires_grad]
optimiser = torch.optim.AdamW(trained, lr=a.rate, weight_decay=0.01)
losses, norms = [], []
micro = a.micro or len(rows)
tokens = int(mask.sum())
cpu = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
start, start_cpu = time.time(), cpu()
for _ in range(a.steps):
    optimiser.zero_grad()
    total = 0.0
    for i in range(0, len(rows), micro):
        part = slice(i, i + micro)
        loss = net(input_ids=ids[part], attention_mask=mask[part], labels=labels[part], num_items_in_batch=count).loss
        loss.backward()
        total += loss.item()
    losses.append(total)
    norms.append(torch.nn.utils.clip_grad_norm_(trained, 1.0).item())
    optimiser.step()
    if len(losses) == 1:
        first, first_cpu = time.time(), cpu()
used, wall = cpu() - start_cpu, time.time() - start
later = [tokens * (a.steps - 1) / (t or 1) for t in (start_cpu + used - first_cpu, start + wall - first)]
if a.save:
    net.save_pretrained(a.save)
print(json.dumps({
    "engine": "peft", "model": a.model, "rank": net.peft_config["default"].r, "threads": a.threads, "checkpointing": bool(a.checkpointing),
    "tokens_per_step": tokens, "tokens_per_cpu_second": tokens * a.steps / used, "tokens_per_second": tokens * a.steps / wall,
    "later_tokens_per_cpu_second": later[0], "later_tokens_per_second": later[1], "cpu_seconds": used, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "losses": losses,
    "grad_norms": norms, "versions": {m.__name__: m.__version__ for m in (torch, peft, transformers)},
}))
