#!/bin/sh
# Puts a trained agent and its world on a Cortex-M7: a program for Arm's MPS2 board, and the same for this machine.
#   examples/embedded/build.sh [AGENT] [FOLDER]
# AGENT is a file that the stage `agent` of `gridworld --preset demo` wrote (that of examples/zoo, if not said); the programs
# are FOLDER/board.elf and FOLDER/here (build/embedded, if not said). On Debian, as root or with sudo, this installs what is
# missing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
agent=${1-$root/examples/zoo/gridworld-demo.safetensors}
folder=${2-$root/build/embedded}
# shellcheck source=tools/packages.sh
. "$root/tools/packages.sh"
need g++ libeigen3-dev nlohmann-json3-dev gcc-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm
mkdir -p "$folder"

# Unquoted where it is used, on purpose: one word per option.
common="-std=gnu++20 -O2 -DNDEBUG -DEIGEN_DONT_PARALLELIZE -Wall -Wextra -Werror -I$root/include -I$root/examples
        -isystem /usr/include/eigen3"
image="-DIMAGE=\"$folder/agent.bin\""
# shellcheck disable=SC2086
g++ $common "$here/export.cpp" -o "$folder/export"
"$folder/export" "$agent" "$folder/agent.bin"

# shellcheck disable=SC2086
g++ $common "$here/main.cpp" "$here/board_host.cpp" "$image" "$here/image.S" -o "$folder/here"

board="-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16"
# shellcheck disable=SC2086
arm-none-eabi-g++ $board $common -fno-exceptions -fno-rtti -fno-threadsafe-statics -ffunction-sections -fdata-sections \
    "$here/main.cpp" "$here/board_mps2.cpp" "$image" "$here/image.S" -o "$folder/board.elf" \
    -T "$here/board.ld" -nostartfiles --specs=nano.specs --specs=nosys.specs -Wl,--gc-sections,-z,noexecstack
arm-none-eabi-size "$folder/board.elf"
echo "To run it:
    qemu-system-arm -M mps2-an500 -nographic -semihosting-config enable=on,target=native -icount shift=0 -kernel $folder/board.elf"
