#!/bin/sh
# Makes one page of everything: the program, compiled by Emscripten, and a trained agent.
#   examples/browser/build.sh [AGENT] [FOLDER] [PROBES]
# AGENT and PROBES are files that the stages `agent` and `probe` of one run of `gridworld --preset demo` wrote (those of
# examples/zoo, if not said). The page, FOLDER/midstream.html (build/browser, if not said), needs no server and no network. On Debian, as root or with sudo, this
# installs what is missing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
agent=${1-$root/examples/zoo/gridworld-demo.safetensors}
folder=${2-$root/build/browser}
probes=${3-$root/examples/zoo/gridworld-demo-probes.safetensors}
# shellcheck source=tools/packages.sh
. "$root/tools/packages.sh"
command -v em++ > /dev/null || need emscripten
need libeigen3-dev nlohmann-json3-dev

mkdir -p "$folder/include"
# Emscripten has its own C library: of the system's headers only these.
ln -sfn /usr/include/nlohmann "$folder/include/nlohmann"
# Debian's own modules, where node is another one.
export NODE_PATH="${NODE_PATH-/usr/share/nodejs}"
functions=$(sed -n 's/^[a-zA-Z].*[ *]\(page_[a-z_]*\)(.*/"_\1"/p' "$here/page.cpp" | paste -s -d , -)
em++ -std=c++20 -Os -fexceptions -DNDEBUG -DEIGEN_DONT_PARALLELIZE -I"$root/include" -I"$root/examples" -isystem /usr/include/eigen3 \
    -isystem "$folder/include" "$here/page.cpp" -o "$folder/program.js" -sMODULARIZE -sEXPORT_NAME=midstream \
    -sALLOW_MEMORY_GROWTH -sFILESYSTEM=0 -sENVIRONMENT=web,node -sEXPORTED_FUNCTIONS="[$functions,\"_malloc\",\"_free\"]" \
    -sEXPORTED_RUNTIME_METHODS='["UTF8ToString"]'
cp "$agent" "$folder/agent.safetensors"
cp "$probes" "$folder/probes.safetensors"
# Binaries as text; sub() would take & of the text for what it replaces, of which base64 has none.
awk -v folder="$folder" -v here="$here" '
    function text(file, line, command) {
        command = "gzip -9 -n -c \"" folder "/" file "\" | base64 -w 0"
        command | getline line
        close(command)
        return line
    }
    function insert(file, line) {
        while ((getline line < file) > 0) {
            if (line ~ /WASM_BASE64/) sub(/WASM_BASE64/, text("program.wasm"), line)
            if (line ~ /AGENT_BASE64/) sub(/AGENT_BASE64/, text("agent.safetensors"), line)
            if (line ~ /PROBE_BASE64/) sub(/PROBE_BASE64/, text("probes.safetensors"), line)
            print line
        }
    }
    /^\/\* program.js \*\/$/ { insert(folder "/program.js"); next }
    /^\/\* page.js \*\/$/ { insert(here "/page.js"); next }
    { print }' "$here/page.html" > "$folder/midstream.html"
echo "$folder/midstream.html: $(wc -c < "$folder/midstream.html") bytes"
