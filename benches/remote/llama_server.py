"""A real llama.cpp server for the tests in crates/tirade/tests/it/remote/llama_server.rs.

    pip install xllamacpp
    python benches/remote/llama_server.py MODEL.gguf     # prints its URL

One thread: on busy cores ggml's spinning threads make two of them many times slower than one.
"""

import sys

import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx = 2048
params.n_parallel = 1
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1
params.port = 0
params.use_jinja = True
server = xllamacpp.Server(params)
print(server.listening_address + "/v1", flush=True)
sys.stdin.read()  # Whoever started it ends it by closing its input.
