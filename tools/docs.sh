#!/bin/sh
# Builds the reference into build/docs/html and says how many warnings there are. With --strict any warning is an error.
set -eu
cd "$(dirname "$0")/.."

command -v doxygen >/dev/null || {
    echo "tools/docs.sh needs doxygen: apt-get install doxygen" >&2
    exit 1
}
mkdir -p build/docs
doxygen docs/Doxyfile
warnings=$(wc -l <build/docs/warnings.txt)
echo "build/docs/html/index.html; $warnings lines of warnings in build/docs/warnings.txt"
[ "${1-}" != --strict ] || [ "$warnings" = 0 ]
