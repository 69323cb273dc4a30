# shellcheck shell=bash
# Sourced: where unpacked Debian packages lie. One prefix a version; nothing is installed on the machine.
# shellcheck disable=SC2034  # the scripts that source this use them
cache=${XDG_CACHE_HOME:-~/.cache}/containerd-powershell
versions=(1.6 1.7 2.x)

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}
