"""Logits of every architecture against transformers: python3 hub_logits.py BENCH_GENERATE [PROMPTS]

For Llama, Qwen2.5, Qwen3 and Gemma 3 a small model with random weights is made by transformers and saved as it saves models
(safetensors, f32 and bf16), then asked by both for the next-token distribution after the same random prompts. Weights of this size
and spread give distributions far from flat, so that a wrong constant anywhere shows. Prints a JSON row per architecture and type.
"""

import json
import subprocess
import sys
import tempfile

import tokenizers
import torch
import transformers as tf

VOCAB = 1000
COMMON = dict(vocab_size=VOCAB, hidden_size=128, intermediate_size=320, num_hidden_layers=6, num_attention_heads=4,
              num_key_value_heads=2, max_position_embeddings=512, head_dim=48)
CONFIGS = {
    "llama": lambda: tf.LlamaConfig(**COMMON, tie_word_embeddings=True, rms_norm_eps=1e-5),
    "llama, rope of 3.1": lambda: tf.LlamaConfig(**COMMON, rope_parameters=dict(
        rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)),
    "qwen2": lambda: tf.Qwen2Config(**{k: v for k, v in COMMON.items() if k != "head_dim"}),
    "qwen3": lambda: tf.Qwen3Config(**COMMON),
    "gemma3": lambda: tf.Gemma3TextConfig(**COMMON, sliding_window=32, query_pre_attn_scalar=48,
                                          layer_types=["sliding_attention"] * 5 + ["full_attention"]),
}


def model(config):
    torch.manual_seed(1)
    net = tf.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    for name, p in net.named_parameters():
        spread = 0.3 if p.dim() == 1 else p.shape[-1] ** -0.5 * (1.0 if "embed" in name else 1.5)
        p.data = torch.randn_like(p) * spread + (1.0 if "norm" in name and config.model_type != "gemma3_text" else 0.0)
    return net


def letters():
    """A tokenizer of as many words as the model has: the engine wants one, the prompts are numbers."""
    return tokenizers.Tokenizer(tokenizers.models.BPE({chr(0x4E00 + i): i for i in range(VOCAB)}, []))


def compare(bench, net, prompts):
    with tempfile.TemporaryDirectory() as folder:
        net.save_pretrained(folder)
        letters().save(folder + "/tokenizer.json")
        # As anybody would read it again: computed in f32 on the rounded weights.
        net = tf.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        with open(folder + "/prompts.jsonl", "w") as out:
            out.writelines(json.dumps({"tokens": p}) + "\n" for p in prompts)
        command = [bench, folder, "--precision", "exact", "--logits", folder + "/prompts.jsonl"]
        rows = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    worst = kl = wrong = 0.0
    for prompt, row in zip(prompts, rows, strict=True):
        with torch.no_grad():
            theirs = net(torch.tensor([prompt])).logits[0, -1].double().log_softmax(-1)
        ours = torch.empty(VOCAB, dtype=torch.double)
        for token, logprob in json.loads(row)["top"]:
            ours[token] = logprob
        worst = max(worst, (ours - theirs).abs().max().item())
        kl += (theirs.exp() * (theirs - ours)).sum().item() / len(prompts)
        wrong += ours.argmax() != theirs.argmax()
    return {"argmax differs": int(wrong), "largest difference of log-probability": worst, "mean KL": kl,
            "likeliest token has": theirs.max().exp().item()}


def main():
    bench, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 50
    draw = torch.Generator().manual_seed(2)
    prompts = [torch.randint(0, VOCAB, (1 + i * 7,), generator=draw).tolist() for i in range(count)]
    for name, config in CONFIGS.items():
        for dtype in (torch.float32, torch.bfloat16):
            row = compare(bench, model(config()).to(dtype), prompts)
            print(json.dumps({"architecture": name, "stored as": str(dtype).split(".")[1], "prompts": count} | row), flush=True)


main()
