#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets for files, into the folders beside this script: files as they should be, each of another
form, and a few that are wrong in a way of their own. Needs nothing but Python."""

import json
import pathlib
import struct

here = pathlib.Path(__file__).parent


def write(target, name, contents):
    folder = here / target
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(contents)


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


write("safetensors", "empty", safetensors({}))
write("safetensors", "padded", safetensors(b"{}      "))
write("safetensors", "one", safetensors({"t": tensor("F32", [2, 1], 0, 8)}, struct.pack("<2f", 1, -2.5)))
write("safetensors", "scalar", safetensors({"step": tensor("U64", [], 0, 8)}, struct.pack("<Q", 3)))
write("safetensors", "nothing", safetensors({"t": tensor("F16", [0, 4], 0, 0), "u": tensor("BOOL", [1], 0, 1)}, b"\1"))
write("safetensors", "metadata", safetensors({"__metadata__": {"format": "midstream checkpoint 1", "description": "a \u00fc \"b\"\n"},
                                              "base.blocks.0": tensor("F64", [1], 0, 8), "base.blocks.1": tensor("I16", [3], 8, 14)},
                                             bytes(14)))
write("safetensors", "twice", safetensors(b'{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"t":{}}', b"\0"))
write("safetensors", "deep", safetensors(b'{"t":{"shape":[[[[[[[[[[[[[[[['))
write("safetensors", "overlap", safetensors({"a": tensor("U8", [2], 0, 2), "b": tensor("U8", [2], 1, 3)}, bytes(3)))
write("safetensors", "huge", safetensors({"a": tensor("F32", [4294967296, 4294967296], 0, 0)}))
write("safetensors", "escapes", safetensors(b'{"\\u0041\\ud83d\\ude00":{"dtype":"I8","shape":[1e0],"data_offsets":[-0,1]}}', b"\0"))

# Checkpoints of what fuzz/safetensors.cpp loads, with floats of 32 and 16 bits.
for name, dtype, vector in (("checkpoint", "F32", struct.pack("<3f", 0.5, -1, 2)),
                            ("checkpoint_half", "F16", struct.pack("<3e", 0.5, -1, 2)),
                            ("checkpoint_bfloat16", "BF16", struct.pack("<3H", 0x3f00, 0xbf80, 0x4000))):
    write("safetensors", name,
          safetensors({"__metadata__": {"format": "midstream checkpoint 1", "description": "x"},
                       "number": tensor("U64", [], 0, 8), "list": tensor("F32", [2], 8, 16),
                       "vector": tensor(dtype, [3], 16, 16 + len(vector))},
                      struct.pack("<Q2f", 5, 1, -2.5) + vector))


def npy(header, data=b"", version=b"\1\0"):
    text = header.encode() + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + data


def described(descr, order, shape):
    return "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (descr, order, shape)


write("npy", "matrix", npy(described("<f4", False, "(2, 3)"), struct.pack("<6f", *range(6))))
write("npy", "columns", npy(described("<f8", True, "(2, 2)"), struct.pack("<4d", *range(4))))
write("npy", "list", npy(described("|u1", False, "(3,)"), b"abc"))
write("npy", "scalar", npy(described("<f4", False, "()"), struct.pack("<f", 7)))
write("npy", "nothing", npy(described("<f4", False, "(0, 5)")))
write("npy", "order", npy("{'shape': (1,), 'descr': '<f4', 'fortran_order': False}", struct.pack("<f", 7)))
write("npy", "big_endian", npy(described(">f4", False, "(1,)"), bytes(4)))
write("npy", "huge", npy(described("<f4", False, "(0, 4294967296, 4294967296)")))
write("npy", "version", npy(described("<f4", False, "(1,)"), bytes(4), b"\2\0"))
write("npy", "grouped", npy(described("<f4", False, "(1,234, 3)"), bytes(8)))

write("csv", "table", b"step,loss,success\n0,1.25,nan\n100,1e-9,0.5\n200,-inf,1\n")
write("csv", "no_rows", b"step\n")
write("csv", "cut", b"step,loss\n1,2\n3,4.")
write("csv", "extremes", b"a,b\n-0,5e-324\n1.7976931348623157e308,0.1\n.5,5.\n")
write("csv", "beyond", b"a\n1e999\n")
write("csv", "hexadecimal", b"a\n0x10\n")
write("csv", "ragged", b"a,b\n1\n")
write("csv", "no_name", b"\n1\n")
write("csv", "twice", b"a,a\n1,2\n")
write("csv", "carriage_return", b"a,b\r\n1,2\r\n")
