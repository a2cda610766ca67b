#!/bin/sh
# The page of examples/browser: it compiles, is small, its agents solve what they should, and a browser shows it. Exit
# status 77 where Emscripten or node is not there; without Chromium the last part is left out.
# Usage: browser.sh BUILD_SCRIPT FOLDER
set -eu
build=$1
folder=$2
if ! command -v em++ > /dev/null || ! command -v node > /dev/null; then
    echo "Emscripten or node is not installed"
    exit 77
fi
agent=$(dirname "$build")/../zoo/gridworld-demo.safetensors
"$build" "$agent" "$folder"
size=$(wc -c < "$folder/midstream.html")
[ "$size" -lt 1000000 ] || { echo "the page has $size bytes" >&2; exit 1; }
node "$(dirname "$0")/browser.mjs" "$folder"
if command -v chromium > /dev/null; then
    # browse WHAT...: headless, on layout 5, played to its end.
    browse() {
        timeout 120 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=920,960 \
            --virtual-time-budget=5000 "$@" "file://$folder/midstream.html#5" 2> "$folder/chromium.log"
    }
    # The browser's time does not wait for WebAssembly to be compiled: on a busy machine it can take a few tries.
    tries=0
    until browse --dump-dom > "$folder/dom.html" && grep -q "4 of 4 colours: solved" "$folder/dom.html"; do
        tries=$((tries + 1))
        [ $tries -lt 10 ] || { cat "$folder/chromium.log" >&2; echo "the page does not show that layout 5 is solved" >&2; exit 1; }
    done
    browse --screenshot="$folder/screenshot.png" > /dev/null
    echo "what it looks like: $folder/screenshot.png"
fi
