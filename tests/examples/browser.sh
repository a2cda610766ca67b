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
    rm -f "$folder/screenshot.png"
    # browse WHAT...: headless, on layout 5, played to its end.
    browse() {
        timeout 120 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=920,960 \
            --virtual-time-budget=5000 "$@" "file://$folder/midstream.html#5" 2> "$folder/chromium.log" ||
            { cat "$folder/chromium.log" >&2; exit 1; }
    }
    browse --dump-dom > "$folder/dom.html"
    grep -q "4 of 4 colours: solved" "$folder/dom.html" || { echo "the page does not show that layout 5 is solved" >&2; exit 1; }
    browse --screenshot="$folder/screenshot.png" > "$folder/chromium.out" 2>&1
    [ -s "$folder/screenshot.png" ]
    echo "what it looks like: $folder/screenshot.png"
fi
