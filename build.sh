#!/usr/bin/env bash
# Builds, shows and tests the module on a machine that has nothing but Debian and the .NET SDK.
# Usage: build.sh build | demo | test [all] | bench     (all but build as root: they run a private containerd)
#   build  stages an importable module in out/Containerd
#   demo   runs docs/examples/quickstart.ps1 on a private containerd
#   test   runs every test and ends with 'N passed, N failed, N skipped'; all: Pester's on each containerd, not on 1.6 alone
#   bench  prints our figures beside ctr's
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec < /dev/null

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off
# No build server outlives the build.
export DOTNET_CLI_USE_MSBUILD_SERVER=0 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

# A file that output goes to is to be readable.
[[ -t 1 ]] || export NO_COLOR=1

# tidily COMMAND…: runs a command, and removes what it leaves among temporary files: .NET's tools leave empty directories.
tidily() {
    local temporary code=0
    temporary=$(mktemp -d)
    TMPDIR=$temporary "$@" || code=$?
    rm -rf --one-file-system "$temporary"
    return "$code"
}

build() {
    local published=out/publish module=out/Containerd
    rm -rf "$published" "$module"
    mkdir -p "$module/Dependencies"
    tidily dotnet publish src/Containerd --configuration Release --use-current-runtime --self-contained false \
        -p:PublishReadyToRun=true --output "$published" --verbosity quiet
    cp Containerd.psd1 LICENSE "$published/Containerd.dll" "$module"
    find src/Containerd -path '*/obj' -prune -o -path '*/bin' -prune -o -name '*.ps1xml' -exec cp {} "$module" \;
    [[ ! -d docs/en-US ]] || cp -r docs/en-US "$module"
    rm "$published/Containerd.dll"
    cp "$published"/*.dll "$module/Dependencies"
    echo "staged $module"
}

daemon=
stop_daemon() {
    [[ -z $daemon ]] || tests/daemon/daemon.sh stop "$daemon"
    daemon=
}
trap stop_daemon EXIT
trap 'exit 130' INT TERM HUP

# Starts a private containerd; its CONTAINERD_TEST_… variables are in the environment from here on.
start_daemon() {
    local variables
    variables=$(tests/daemon/daemon.sh start "$@") || return 1
    eval "$variables"
    daemon=$CONTAINERD_TEST_DIR
    export "${!CONTAINERD_TEST_@}" CONTAINERD_TEST_IMAGES="$PWD/out/images"
    # For scripts, which name no address.
    export CONTAINERD_ADDRESS=$CONTAINERD_TEST_ADDRESS
    # Goes with the daemon's directory.
    export CONTAINERD_POWERSHELL_STATE=$CONTAINERD_TEST_DIR/powershell
}

prepare_daemons() {
    tests/daemon/install.sh tools
    tests/daemon/install.sh 1.6
    tests/daemon/image.sh out/images
}

# Sets PWSH and PESTER, or fails where they can't be had.
find_powershell() {
    local variables
    variables=$(tidily tests/PowerShell/install.sh) || return 1
    eval "$variables"
    export PWSH PESTER
    echo "PowerShell: $("$PWSH" -NoProfile -NonInteractive -Command "\$PSVersionTable.PSVersion.ToString()") ($PWSH)"
}

# run_script SCRIPT PARAMETERS…: with the staged module imported, in a fresh process, in the directory of the image archives.
run_script() {
    local script
    script=$(realpath "$1")
    (cd out/images && exec timeout 600 "$PWSH" -NoProfile -NonInteractive -Command \
        "\$ErrorActionPreference = 'Stop'; Import-Module '$OLDPWD/out/Containerd'; & '$script' ${*:2}")
}

demo() {
    build
    prepare_daemons
    find_powershell
    start_daemon 1.6
    echo "containerd: $CONTAINERD_TEST_VERSION on $CONTAINERD_TEST_ADDRESS"
    run_script docs/examples/quickstart.ps1
    stop_daemon
    echo "stopped and removed"
}

bench() {
    build
    prepare_daemons
    find_powershell
    start_daemon 1.6
    "$PWSH" -NoProfile -NonInteractive -File tests/bench/bench.ps1 -Module "$PWD/out/Containerd" -Images "$CONTAINERD_TEST_IMAGES"
    stop_daemon
}

if [[ ${1-} =~ ^(demo|test|bench)$ ]] && ((EUID != 0)); then
    echo "build.sh: a containerd of our own needs root: run $1 as root" >&2
    exit 1
fi
case ${1-} in
    build | demo | bench) "$1" ;;
    test)
        # shellcheck source=tests/run.sh
        source tests/run.sh
        run_tests "${2-}"
        ;;
    *)
        sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
        exit 2
        ;;
esac
