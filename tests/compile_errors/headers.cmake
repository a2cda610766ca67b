# Compiles HEADERS to OUTPUT, for the cases to begin with.
cmake_minimum_required(VERSION 3.22)
list(REMOVE_ITEM INCLUDES "" /usr/include)
list(TRANSFORM INCLUDES PREPEND "-isystem")
execute_process(COMMAND ${COMPILER} -std=c++20 ${INCLUDES} -x c++-header ${HEADERS} -o ${OUTPUT} COMMAND_ERROR_IS_FATAL ANY)
