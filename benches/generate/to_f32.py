"""Writes a GGUF file's weights as F32: python3 to_f32.py IN.gguf OUT.gguf   (pip install gguf==0.19.0)"""

import sys

from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import dequantize

reader = GGUFReader(sys.argv[1])
writer = GGUFWriter(sys.argv[2], reader.fields["general.architecture"].contents())
for field in reader.fields.values():
    if field.name.startswith("GGUF.") or field.name in ("general.architecture", "general.file_type"):
        continue
    kind = field.types[0]
    writer.add_key_value(field.name, field.contents(), kind, field.types[-1] if kind == GGUFValueType.ARRAY else None)
for tensor in reader.tensors:
    shape = list(reversed([int(n) for n in tensor.shape]))
    values = dequantize(tensor.data, tensor.tensor_type).reshape(shape).astype("float32")
    writer.add_tensor(tensor.name, values, raw_dtype=GGMLQuantizationType.F32)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
