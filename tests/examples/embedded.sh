#!/bin/sh
# The program of examples/embedded on a Cortex-M7 (QEMU) decides as it does on this machine, in every step of 100
# episodes, and solves most. Exit status 77 where compiler or emulator are not there.
# Usage: embedded.sh BUILD_SCRIPT FOLDER
set -eu
build=$1
folder=$2
if ! command -v arm-none-eabi-g++ > /dev/null || ! command -v qemu-system-arm > /dev/null; then
    echo "The cross-compiler for Arm or QEMU is not installed"
    exit 77
fi
"$build" "$(dirname "$build")/../zoo/gridworld-demo.safetensors" "$folder"
# QEMU writes to the standard error stream.
timeout 300 qemu-system-arm -M mps2-an500 -nographic -semihosting-config enable=on,target=native -icount shift=0 \
    -kernel "$folder/board.elf" > "$folder/board.txt" 2>&1
"$folder/here" > "$folder/here.txt"
head -101 "$folder/board.txt" | diff - "$folder/here.txt"
tail -3 "$folder/board.txt"
solved=$(sed -n 's/^solved \([0-9]*\) of 100$/\1/p' "$folder/here.txt")
[ "$solved" -ge 80 ]

