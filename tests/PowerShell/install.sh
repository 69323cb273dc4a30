#!/usr/bin/env bash
# Finds PowerShell and Pester, or gets them from NuGet into the per-user cache.
# Prints PWSH=… and PESTER=… as lines that a shell can eval; fails where neither is to be had.
set -euo pipefail

# The one place that names their versions.
powershell=7.6.9
pester=6.2.0

cache=${XDG_CACHE_HOME:-~/.cache}/containerd-powershell
mkdir -p "$cache"
exec {lock}> "$cache/lock"
flock "$lock"

# into DIRECTORY COMMAND…: runs a command that fills the directory; what a failed one leaves is removed.
into() {
    local directory=$1 said
    [[ ! -d $directory ]] || return 0
    shift
    echo "getting ${directory##*/} from NuGet" >&2
    if ! said=$(timeout 600 "$@" 2>&1); then
        rm -rf "$directory"
        echo "${directory##*/} can't be had: $said" >&2
        return 1
    fi
}

if ! pwsh=$(command -v pwsh); then
    into "$cache/pwsh-$powershell" \
        dotnet tool install PowerShell --version "$powershell" --tool-path "$cache/pwsh-$powershell"
    pwsh=$cache/pwsh-$powershell/pwsh
fi
into "$cache/pester-$pester" dotnet package download "Pester@$pester" --output "$cache/pester-$pester"

printf 'PWSH=%q\n' "$pwsh"
printf 'PESTER=%q\n' "$cache/pester-$pester/pester/$pester/tools/Pester.psd1"
