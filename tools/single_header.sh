#!/bin/sh
# Makes single headers, for places that take one file (Compiler Explorer).
#   tools/single_header.sh [FOLDER]      (build/single, if not said)
# midstream.hpp is all that needs no optional package; midstream_openmp.hpp, midstream_mpi.hpp, midstream_npy.hpp and
# midstream_ant.hpp lie beside it, include it, and need OpenMP, MPI, xtensor and MuJoCo. Each of our headers stands behind those that it includes. What is included from elsewhere
# stands at the top, but for includes within an #if, and of Eigen, which core/eigen.hpp is to be the first to include.
set -eu
cd "$(dirname "$0")/.."
folder=${1-build/single}
mkdir -p "$folder"

# one [HEADER...]: all of midstream.hpp, or what these headers add to it.
one() {
    awk '
        function add(path,    line, words, status, depth, kept) {
            if (path in seen) return
            seen[path] = 1
            while ((status = (getline line < ("include/" path))) > 0) {
                if (line ~ /^# *if/) ++depth
                if (line ~ /^# *endif/) --depth
                if (line ~ /^# *include *"/) {
                    if (depth) fail(path ": " line " stands within an #if")
                    split(line, words, "\"")
                    add(words[2])
                } else if (line ~ /^# *include *</ && line !~ /<Eigen/ && !depth) {
                    if (!(line in seen)) external = external line "\n"
                    seen[line] = 1
                } else if (line !~ /^#pragma once/) {
                    kept = kept line "\n"
                }
            }
            if (status < 0) fail("include/" path " cannot be read")
            close("include/" path)
            ours = ours "\n// ---- " path "\n" kept
        }
        function fail(message) {
            print "tools/single_header.sh: " message > "/dev/stderr"
            exit 1
        }
        BEGIN {
            add("midstream/midstream.hpp")
            if (ARGC > 1) external = "#include \"midstream.hpp\"\n\n" (ours = "")
            for (i = 1; i < ARGC; ++i) add(ARGV[i])
            print "// Made of the headers of midstream by tools/single_header.sh; licensed as they are (MIT)."
            printf "#pragma once\n\n%s%s", external, ours
            exit
        }' "$@"
}
one > "$folder/midstream.hpp"
one midstream/core/openmp.hpp > "$folder/midstream_openmp.hpp"
one midstream/core/mpi.hpp > "$folder/midstream_mpi.hpp"
one midstream/io/npy.hpp > "$folder/midstream_npy.hpp"
# One word per header.
# shellcheck disable=SC2046
one $(cd include && ls midstream/env/ant/*.hpp) > "$folder/midstream_ant.hpp"
