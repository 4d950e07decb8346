#!/bin/sh
# Usage: benches/sandbox/run.sh PYTHON-OF-THE-PEERS > rows.jsonl     (from the root of the repository)
set -e
cells=benches/sandbox/cells.jsonl
cargo build --quiet --release -p tirade-sandbox --example bench
for round in 1 2 3; do
    "$1" benches/sandbox/peers.py "$cells" 4 2>/dev/null
    target/release/examples/bench "$cells"
done
