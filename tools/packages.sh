# Sourced by demo.sh, test.sh and .ci/run: `need PACKAGE...` installs those Debian packages that are missing.
# shellcheck shell=sh

need() {
    command -v dpkg-query >/dev/null || {
        echo "This script installs packages on Debian and its kin only; elsewhere see README.md." >&2
        exit 1
    }
    missing=""
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null; then
        as_root=sudo
    else
        echo "These packages are missing, and installing them needs root or sudo: apt-get install$missing" >&2
        exit 1
    fi
    echo "Installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    # Unquoted on purpose: no word where there is no sudo, one word per package.
    # shellcheck disable=SC2086
    $as_root apt-get update -q
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
}

# What building midstream's tests and examples takes.
need_build_packages() {
    need g++ cmake ninja-build python3 libeigen3-dev libxtensor-dev nlohmann-json3-dev libboost-test-dev libfmt-dev \
        gnuplot-nox libmujoco-dev libegl-dev libgl1-mesa-dri libpng-dev pkg-config
}
