#!/usr/bin/env python3
"""What caller.c does, in Python, without a package: caller.py LIBRARY FILE OBSERVATION..."""
import ctypes
import sys

library = ctypes.CDLL(sys.argv[1])
library.midstream_agent_create.restype = ctypes.c_void_p
library.midstream_agent_fault.restype = ctypes.c_char_p
with open(sys.argv[2], "rb") as file:
    contents = file.read()
message = ctypes.create_string_buffer(256)
agent = ctypes.c_void_p(library.midstream_agent_create(contents, ctypes.c_size_t(len(contents)), message,
                                                       ctypes.c_size_t(len(message))))
if not agent:
    sys.exit(message.value.decode())
width = library.midstream_agent_observation_width()
observation = (ctypes.c_float * width)(*[float(word) for word in sys.argv[3:3 + width]])
action = (ctypes.c_float * library.midstream_agent_action_width())()
library.midstream_agent_reset(agent, ctypes.c_uint64(1))
for step in range(8):
    fault = library.midstream_agent_act(agent, observation, action)
    if fault:
        sys.exit(library.midstream_agent_fault(fault).decode())
    print(f"{action[0]:g}{' new code' if library.midstream_agent_opened(agent) else ''}")
library.midstream_agent_destroy(agent)
