#!/usr/bin/env bash
# Unpacks what a private containerd needs into the per-user cache; whatever is there already stays as it is.
# Usage: install.sh tools | 1.6 | 1.7 | 2.x
# Packages are downloaded through a private apt root and unpacked, not installed: the machine's own apt
# configuration, services and files stay untouched, and the versions live side by side.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/daemon/cache.sh
source "$here/cache.sh"

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The Debian archive that the machine itself uses. Third-party archives reuse Debian's suite and component
# names, so the path must be Debian's too.
mirror() {
    local uri
    # shellcheck disable=SC2016  # apt-get fills these in
    uri=$(apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' |
        awk '$2 == "main" && $1 ~ /\/debian\/?$/ { print $1; exit }')
    [[ $uri ]] || fail "no Debian archive among this machine's apt sources"
    echo "$uri"
}

# download SUITE DIRECTORY with|alone PACKAGE...: the packages' .deb files, with or without all they depend on.
download() {
    local suite=$1 apt=$2 dependencies=$3 options
    shift 3
    mkdir -p "$apt"/{lists,archives}/partial
    echo "deb [signed-by=$keyring] $(mirror) $suite main" > "$apt/sources.list"
    : > "$apt/status"
    options=(
        -qq
        -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$apt/lists" -o "Dir::State::status=$apt/status"
        -o "Dir::Cache=$apt" -o APT::Sandbox::User=root
        -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
        -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30
    )
    apt-get "${options[@]}" update
    if [[ $dependencies == with ]]; then
        apt-get "${options[@]}" --yes --no-install-recommends --download-only install "$@"
    else
        (cd "$apt/archives" && apt-get "${options[@]}" download "$@")
    fi
}

# unpack NAME SUITE with|alone PACKAGE...: fills the prefix NAME of the cache, whole or not at all.
unpack() (
    local name=$1 suite=$2 partial deb
    [[ ! -d $cache/$name ]] || return 0
    shift
    echo "unpacking ${*:3} from Debian $suite" >&2
    mkdir -p "$cache"
    partial=$(mktemp -d "$cache/partial.XXXXXX")
    trap 'rm -rf "$partial"' EXIT
    download "$suite" "$partial/apt" "${@:2}" >&2
    mkdir "$partial/prefix"
    for deb in "$partial"/apt/archives/*.deb; do
        dpkg-deb --extract "$deb" "$partial/prefix"
    done
    mv "$partial/prefix" "$cache/$name"
)

# Debian 12's criu fails on Linux 6.x kernels, and Debian 13's needs a newer C library than Debian 12 has:
# it runs on the libraries unpacked beside it.
wrap_criu() {
    local prefix=$cache/criu libraries
    [[ ! -x $prefix/bin/criu ]] || return 0
    libraries=$(dirname "$(find "$prefix/usr/lib" -name libc.so.6)")
    mkdir -p "$prefix/bin"
    cat > "$prefix/bin/criu" <<END
#!/bin/sh
exec $libraries/ld-linux-*.so.* --library-path $libraries $prefix/usr/sbin/criu "\$@"
END
    chmod +x "$prefix/bin/criu"
}

# Programs that are plain tools, used from the machine where it has them.
install_missing() {
    local missing=()
    command -v openssl > /dev/null || missing+=(openssl)
    command -v iptables-save > /dev/null || missing+=(iptables)
    command -v ip > /dev/null || missing+=(iproute2)
    # Plays the terminal in the tests of Enter-CtrTask.
    command -v python3 > /dev/null || missing+=(python3-minimal)
    ((${#missing[@]})) || return 0
    echo "installing ${missing[*]}" >&2
    {
        apt-get -qq update
        DEBIAN_FRONTEND=noninteractive apt-get -qq --yes --no-install-recommends install "${missing[@]}"
    } >&2
}

mkdir -p "$cache"
exec {lock}> "$cache/lock"
flock "$lock"
case ${1-} in
    tools)
        install_missing
        unpack runc bookworm alone runc
        unpack busybox bookworm alone busybox-static
        unpack criu trixie with criu
        wrap_criu
        ;;
    1.6) unpack containerd-1.6 bookworm alone containerd ;;
    1.7) unpack containerd-1.7 trixie alone containerd ;;
    2.x) unpack containerd-2.x sid alone containerd ;;
    *) fail "usage: install.sh tools | ${versions[*]}" ;;
esac
