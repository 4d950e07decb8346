#!/bin/bash
# Trains with tirade and with transformers + PEFT in turn on the same tokens; one JSON line per run on standard output.
# Usage: run.sh MODEL.gguf EXAMPLES.jsonl PYTHON SCRATCH [STEPS]      (PYTHON has torch, transformers, peft, gguf)
# From the environment: RANKS, THREADS, PRECISIONS (f32 int8 bf16), LENGTH, BATCH, REPEAT, PEFT's MICRO batch and CHECKPOINTING.
set -eu
model=$1 examples=$2 python=$3 scratch=$4 steps=${5:-2}
here=$(dirname "$0")
bench=${BENCH:-$here/../../target/release/examples/train_bench}
shape="--length ${LENGTH:-512} --batch ${BATCH:-4}"
mkdir -p "$scratch"
for rank in ${RANKS:-16 64}; do
  $bench --model "$model" --examples "$examples" --out "$scratch/init$rank" --rank "$rank" --steps 1 --rate 1e-30 $shape \
    --tokens "$scratch/tokens.json" > /dev/null
  for threads in ${THREADS:-1 2}; do
    for _ in $(seq "${REPEAT:-1}"); do
      for precision in ${PRECISIONS:-f32}; do
        $bench --model "$model" --examples "$examples" --out "$scratch/out" --rank "$rank" --steps "$steps" --threads "$threads" \
          $shape --precision "$precision"
      done
      $python "$here/peft_bench.py" --model "$model" --tokens "$scratch/tokens.json" --adapter "$scratch/init$rank" \
        --steps "$steps" --threads "$threads" --micro "${MICRO:-0}" --checkpointing "${CHECKPOINTING:-0}" 2> "$scratch/peft.log" | tail -1
    done
  done
done
