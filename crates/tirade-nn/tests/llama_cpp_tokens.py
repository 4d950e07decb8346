"""Writes tests/llama_cpp_tokens.jsonl: how llama.cpp tokenises a few texts, for each model.

Run here: python3 llama_cpp_tokens.py MODELS > llama_cpp_tokens.jsonl     (pip install xllamacpp==2026.10.11549)
With --check FILE.jsonl (rows with a field "problem") the texts come from that file and are printed likewise.
"""

import json
import sys
import urllib.request

import xllamacpp

MODELS = ["SmolLM2-135M-Instruct.Q4_1.gguf", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf", "gemma-3-270m-q4_k_m.gguf"]
TEXTS = [
    "Find all $x$ with $\\frac{3x^2 - 12}{x+2} \\le \\sqrt{1024}$, and give 10^{-3} of it.",
    "It's what they'd've said: I'm 25, you're 7; WE'LL see, IT'S fine.",
    "def f(n):\n    if n < 2:\n\treturn 1\r\n    return n*f(n-1)  # 0x1F_FF\n\n\nprint(f(10))   \n",
    "Grüße, naïve façade — “quoted” … ½ × ∑ᵢ xᵢ² ≠ 0 ☃ 🦀🤹🏽‍♀️ 日本語のテキスト، مرحبا Здравствуй",
    "   leading and   inner    runs     of      blanks \t\t tabs\t\n \n  \n",
    "1234567890 3.14159 1,000,000 v1.2.3 a1b2c3 ١٢٣ ²³",
    "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n",
    "<start_of_turn>user\nhi<end_of_turn>\n<bos><eos>",
    "e\u0301 cafe\u0301 \u00a0nbsp\u200bzero\u2028line \ufeffbom",
    "", " ", "\n", "a", "  a", "Ġ ▁ <0x0A>",
]


def serve(path):
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.n_parallel, params.warmup = path, 512, 1, False
    params.cpuparams.n_threads = 1
    return xllamacpp.Server(params)


def tokens(server, text):
    body = json.dumps({"content": text, "add_special": False, "parse_special": True}).encode()
    request = urllib.request.Request(server.listening_address + "/tokenize", body, {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))["tokens"]


texts = TEXTS
if "--check" in sys.argv:
    with open(sys.argv[sys.argv.index("--check") + 1]) as rows:
        texts = [json.loads(row)["problem"] for row in rows][:50]
for name in MODELS:
    server = serve(f"{sys.argv[1]}/{name}")
    for text in texts:
        print(json.dumps({"model": name, "text": text, "tokens": tokens(server, text)}))
