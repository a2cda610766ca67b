# What a source has the compiler do, in counts of Clang's, which are the same on any machine, busy or not: files that are
# read, class templates instantiated, and the statements and expressions of all functions, instantiated ones included.
#   cmake -D CLANG=clang++ -D SOURCE=file -D INCLUDES=folders -D FILES=budget -D CLASSES=budget -D EXPRESSIONS=budget -P check.cmake
# Other versions of Clang and other standard libraries count otherwise; there the test is skipped.
cmake_minimum_required(VERSION 3.22)
execute_process(COMMAND ${CLANG} -x c++ -std=gnu++20 -E -dM -include version /dev/null OUTPUT_VARIABLE macros ERROR_QUIET)
if(NOT macros MATCHES "#define __clang_major__ 14\n" OR NOT macros MATCHES "#define _GLIBCXX_RELEASE 12\n")
  message("skipped: the budgets are those of Clang 14 with GCC 12's standard library")
  return()
endif()
list(TRANSFORM INCLUDES PREPEND -isystem)
execute_process(COMMAND ${CLANG} -std=gnu++20 -fsyntax-only -w -DEIGEN_DONT_PARALLELIZE ${INCLUDES} -Xclang -print-stats ${SOURCE}
                RESULT_VARIABLE failure ERROR_VARIABLE statistics OUTPUT_QUIET)
if(failure)
  message(FATAL_ERROR "${SOURCE} does not compile: ${statistics}")
endif()
set(excess "")
foreach(count IN ITEMS "FILES:source files entered" "CLASSES:ClassTemplateSpecialization decls" "EXPRESSIONS:stmts/exprs total")
  string(REGEX REPLACE ":.*" "" name ${count})
  string(REGEX REPLACE ".*:" "" words ${count})
  if(NOT statistics MATCHES "([0-9]+) ${words}")
    message(FATAL_ERROR "Clang's statistics say nothing of '${words}'")
  endif()
  message("${words}: ${CMAKE_MATCH_1}, budget ${${name}}")
  if(CMAKE_MATCH_1 GREATER ${name})
    string(APPEND excess " ${CMAKE_MATCH_1} ${words}, where the budget is ${${name}};")
  endif()
endforeach()
if(excess)
  message(FATAL_ERROR "${SOURCE} costs the compiler${excess} see what costs it by clang++ -ftime-trace (docs/performance.md, "
                      "Compile time), or raise the budget in tests/compile_time/CMakeLists.txt and say why")
endif()
