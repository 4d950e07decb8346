"""Reference numbers for `crates/tirade-nn/src/train/reference.rs`, from PyTorch, transformers and PEFT.

A two-layer model of each architecture, its weights and adapters from a formula that gives the same floats in any language,
is trained for 20 steps of AdamW on four short sequences with the loss on some of their tokens. Printed, per architecture:
loss and gradient norm before the first step, loss after 1 and 20 steps, and the adapter (in tirade's flat order: per layer
and module A, then B transposed) after 1 and 20 steps as its norm and sixteen of its values.

    pip install torch==2.15.0 transformers==5.23.0 peft==0.21.2
    python lora_tiny.py > lora_tiny.json
"""

import json
import torch
import peft
import transformers as tf

HIDDEN, INTER, VOCAB, HEADS, KV, DIM, RANK, ALPHA = 24, 40, 50, 4, 2, 8, 3, 4.5
MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def fill(name, shape, spread):
    seed = 7
    for b in name.encode():
        seed = (seed * 31 + b) % 1_000_003
    n = 1
    for s in shape:
        n *= s
    values = [((i * 7919 + seed * (i % 101 + 1) + i * i % 613 * 31) % 2003 / 2003.0 * 2.0 - 1.0) * spread for i in range(n)]
    return torch.tensor(values, dtype=torch.float64).to(torch.float32).reshape(shape)


def model(kind):
    common = dict(hidden_size=HIDDEN, intermediate_size=INTER, vocab_size=VOCAB, num_hidden_layers=2, head_dim=DIM,
                  num_attention_heads=HEADS, num_key_value_heads=KV, rms_norm_eps=1e-6, max_position_embeddings=64,
                  tie_word_embeddings=True, attn_implementation="eager", pad_token_id=0, bos_token_id=1, eos_token_id=2)
    plain = {"rope_type": "default", "rope_theta": 10000.0}
    if kind == "gemma3":
        far = {"rope_type": "default", "rope_theta": 1000000.0}
        config = tf.Gemma3TextConfig(**common, query_pre_attn_scalar=DIM, sliding_window=6,
                                     layer_types=["sliding_attention", "full_attention"],
                                     rope_parameters={"sliding_attention": plain, "full_attention": far})
        net = tf.Gemma3ForCausalLM(config)
    else:
        make = {"llama": (tf.LlamaConfig, tf.LlamaForCausalLM), "qwen2": (tf.Qwen2Config, tf.Qwen2ForCausalLM),
                "qwen3": (tf.Qwen3Config, tf.Qwen3ForCausalLM)}[kind]
        net = make[1](make[0](**common, rope_parameters=plain))
    with torch.no_grad():
        for name, p in net.named_parameters():
            if "norm" in name:
                p.copy_(fill(name, p.shape, 0.5) + (0.0 if kind == "gemma3" else 1.0))
            elif p.ndim == 1:
                p.copy_(fill(name, p.shape, 0.5))
            else:
                p.copy_(fill(name, p.shape, 1.0 if "embed" in name else 0.4))
    return net.float()


def flat(net, grad=False):
    parts, named = [], {n: (p.grad if grad else p.detach()) for n, p in net.named_parameters() if "lora_" in n}
    for layer in range(2):
        for m in MODULES:
            block = "self_attn" if m in MODULES[:4] else "mlp"
            key = f"base_model.model.model.layers.{layer}.{block}.{m}"
            parts += [named[f"{key}.lora_A.default.weight"].flatten(), named[f"{key}.lora_B.default.weight"].t().flatten()]
    return torch.cat(parts)


def sequences():
    for length, start in [(12, 4), (5, 2), (9, 8), (20, 1)]:
        yield [(i * i * 7 + length * 3) % 50 for i in range(length)], start


def loss_of(net):
    total, count = 0.0, 0
    for tokens, start in sequences():
        ids = torch.tensor([tokens])
        logits = net(input_ids=ids).logits[0]
        total = total + torch.nn.functional.cross_entropy(logits[start - 1:-1], ids[0, start:], reduction="sum")
        count += len(tokens) - start
    return total / count


def sample(vector):
    step = len(vector) // 16
    return {"norm": vector.double().norm().item(), "values": [vector[i * step].item() for i in range(16)]}


def run(kind):
    torch.manual_seed(0)
    net = peft.get_peft_model(model(kind), peft.LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=MODULES, lora_dropout=0.0))
    with torch.no_grad():
        for name, p in net.named_parameters():
            if "lora_A" in name:
                p.copy_(fill(name, p.shape, 0.3))
            elif "lora_B" in name:
                p.copy_(fill(name, p.shape[::-1], 0.3).t())
    out = {"initial": sample(flat(net))}
    trained = [p for p in net.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=1e-2, weight_decay=0.01)
    for step in range(20):
        optimiser.zero_grad()
        loss = loss_of(net)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(trained, 1.0).item()
        if step == 0:
            out |= {"loss": loss.item(), "grad_norm": norm}
        optimiser.step()
        if step in (0, 19):
            out[f"after_{step + 1}"] = {"loss": loss_of(net).item(), **sample(flat(net))}
    return out


if __name__ == "__main__":
    versions = {m.__name__: m.__version__ for m in (torch, tf, peft)}
    print(json.dumps({"versions": versions, **{k: run(k) for k in ["llama", "qwen2", "qwen3", "gemma3"]}}, indent=1))
