"""Writes and reads the safetensors format with numpy alone: what the golden scripts need, no more."""
import json

import numpy as np

NAMES = {"float64": "F64", "float32": "F32", "int64": "I64", "int32": "I32", "int16": "I16", "uint8": "U8"}


def save(path, tensors, metadata=None):
    """Saves a dictionary of numpy arrays (and one of strings); the widest numbers come first, so all are aligned."""
    arrays = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    arrays = dict(sorted(arrays.items(), key=lambda item: -item[1].itemsize))
    header, end = ({"__metadata__": metadata} if metadata else {}), 0
    for name, array in arrays.items():
        header[name] = {"dtype": NAMES[array.dtype.name], "shape": list(array.shape), "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in arrays.values():
            file.write(array.tobytes())


def load(path):
    """The dictionary of numpy arrays in a file."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    types = {name: np.dtype(kind) for kind, name in NAMES.items()}
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], types[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__"
    }
