"""Writes tests/dequant_tables.rs.in: what gguf 0.19.0 (`pip install gguf`) makes of a byte pattern.

Run in this folder: python3 dequant_tables.py > dequant_tables.rs.in
"""

import numpy as np
from gguf import GGMLQuantizationType as T
from gguf.quants import dequantize

SIZES = {"Q4_0": (18, 32, [0]), "Q4_1": (20, 32, [0, 2]), "Q5_0": (22, 32, [0]), "Q8_0": (34, 32, [0]),
         "Q4_K": (144, 256, [0, 2]), "Q6_K": (210, 256, [208])}

print("[")
for name, (size, length, places) in SIZES.items():
    data = np.array([(37 * i + 11) % 256 for i in range(256 // length * size)], dtype=np.uint8)
    for start in range(0, len(data), size):
        for place in places:
            data[start + place:start + place + 2] = np.frombuffer(np.float16(0.0123).tobytes(), np.uint8)
    values = dequantize(data.reshape(1, -1), T[name]).reshape(-1).astype(np.float32)
    rows = ", ".join(f"({i}, 0x{int(values[i:i+1].view(np.uint32)[0]):08x})" for i in range(0, 256, 5))
    print(f"    (DType::{name}, vec![{rows}]),")
print("]")
