#!/bin/sh
# Usage: benches/tools/run.sh PYTHON-OF-THE-PEERS > rows.jsonl     (from the root of the repository)
set -e
calls=benches/tools/calls.jsonl
cargo build --quiet --release -p tirade --example tools_bench
for round in 1 2 3; do
    "$1" benches/tools/peers.py "$calls" 3 2>/dev/null
    target/release/examples/tools_bench "$calls" target/tmp/python 100
done
