# Requires that the function `compared` has the same instructions in NO_HOOK and BY_HAND, and others in HOOKED.
cmake_minimum_required(VERSION 3.22)

# The instructions and the symbols they refer to, without addresses, distances and padding.
function(instructions object result)
  execute_process(COMMAND ${OBJDUMP} -d -r --no-show-raw-insn --no-addresses --disassemble=compared ${object}
                  OUTPUT_VARIABLE code RESULT_VARIABLE failed)
  if(failed OR NOT code MATCHES "<compared>:")
    message(FATAL_ERROR "${object} has no function `compared`")
  endif()
  string(REGEX REPLACE "^.*<compared>:" "" code "${code}")
  string(REGEX REPLACE "<compared\\+0x[0-9a-f]+>" "<compared>" code "${code}")
  string(REGEX REPLACE "\n[\t ]+(nop|cs nop|data16|xchg +%ax,%ax)[^\n]*" "" code "${code}")
  set(${result} "${code}" PARENT_SCOPE)
endfunction()

instructions(${NO_HOOK} no_hook)
instructions(${BY_HAND} by_hand)
instructions(${HOOKED} hooked)
string(LENGTH "${no_hook}" length)
if(length LESS 2000)
  message(FATAL_ERROR "the compared function is next to empty, so comparing it proves nothing")
endif()
if(NOT no_hook STREQUAL by_hand)
  message(FATAL_ERROR "a pass without a hook is not the machine code of the pass written by hand")
endif()
if(no_hook STREQUAL hooked)
  message(FATAL_ERROR "a pass with a hook has the machine code of a pass without: the comparison sees nothing")
endif()
