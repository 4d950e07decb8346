"""Loads an adapter tirade trained in real PEFT and compares logits with those tirade computed: one JSON line.

    train_bench --model M.gguf --examples E.jsonl --out ADAPTER --steps 5 --logits L.json
    python peft_logits.py M.gguf ADAPTER L.json
"""

import json, os, sys
import torch, peft, transformers

model, adapter, logits = sys.argv[1:]
folder, file = os.path.split(os.path.abspath(model))
base = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32).eval()
net = peft.PeftModel.from_pretrained(base, adapter).eval()
worst, effect, other, largest, kl = 0.0, 0.0, 0, 0.0, 0.0
with torch.no_grad():
    for row in json.load(open(logits)):
        ids = torch.tensor([row["tokens"]])
        theirs, ours = net(input_ids=ids).logits[0, -1], torch.tensor(row["logits"])
        with net.disable_adapter():
            plain = net(input_ids=ids).logits[0, -1]
        worst = max(worst, (theirs - ours).abs().max().item())
        effect = max(effect, (theirs - plain).abs().max().item())
        largest = max(largest, theirs.abs().max().item())
        other += int(theirs.argmax() != ours.argmax())
        p, q = theirs.log_softmax(-1), ours.log_softmax(-1)
        kl = max(kl, (p.exp() * (p - q)).sum().item())
print(json.dumps({"max_difference": worst, "adapter_effect": effect, "max_logit": largest, "other_token": other, "max_kl": kl}))
