#!/usr/bin/env bash
# Starts and stops a private containerd: own root, state, socket and configuration, all in one temporary directory.
# Usage: daemon.sh start 1.6|1.7|2.x [--tcp]   prints CONTAINERD_TEST_… variables as lines that a shell can eval
#        daemon.sh restart DIRECTORY           starts one again that was killed; DIRECTORY is CONTAINERD_TEST_DIR of the start
#        daemon.sh stop DIRECTORY              stops it, if it runs, and removes all that it left
# --tcp adds a TCP endpoint on the loopback address with mutual TLS.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/daemon/cache.sh
source "$here/cache.sh"

write_config() {
    local dir=$1 tcp=$2
    cat <<END
version = 2
root = "$dir/root"
state = "$dir/state"
temp = "$dir/temp"
# CRI and NRI write outside the root and are not used.
disabled_plugins = [
  "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime",
  "io.containerd.nri.v1.nri",
]
[grpc]
  address = "$dir/containerd.sock"
END
    if [[ $tcp ]]; then
        # Port 0: the kernel picks a free one, so that daemons never race for it.
        cat <<END
  tcp_address = "127.0.0.1:0"
  tcp_tls_ca = "$dir/tls/ca.crt"
  tcp_tls_cert = "$dir/tls/server.crt"
  tcp_tls_key = "$dir/tls/server.key"
END
    fi
    cat <<END
[debug]
  address = "$dir/debug.sock"
[metrics]
  address = ""
[plugins."io.containerd.internal.v1.opt"]
  path = "$dir/opt"
END
}

# openssl tells of its progress on standard error: shown only when it fails.
openssl_quietly() {
    local said
    said=$(openssl "$@" 2>&1) || fail "openssl $1: $said"
}

# A certificate authority that lives as long as the daemon, a server and a client certificate signed by it.
write_certificates() {
    local tls=$1 name
    mkdir "$tls"
    openssl_quietly req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=containerd test CA" \
        -keyout "$tls/ca.key" -out "$tls/ca.crt"
    for name in server client; do
        printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=%sAuth\n' "$name" > "$tls/extensions"
        openssl_quietly req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout "$tls/$name.key" -out "$tls/$name.csr"
        openssl_quietly x509 -req -in "$tls/$name.csr" -CA "$tls/ca.crt" -CAkey "$tls/ca.key" -CAcreateserial \
            -days 2 -extfile "$tls/extensions" -out "$tls/$name.crt"
    done
}

# The loopback port on which a process listens, found by its socket's inode.
listening_port() {
    local pid=$1 inode
    for inode in $(find "/proc/$pid/fd" -lname 'socket:*' -printf '%l\n' 2> /dev/null | tr -dc '0-9\n'); do
        awk -v inode="$inode" '$4 == "0A" && $10 == inode { split($2, a, ":"); print a[2] }' /proc/net/tcp
    done | head -n 1 | while read -r hex; do echo $((16#$hex)); done
}

# Runs containerd and waits until it serves. Sets pid.
launch() {
    local dir=$1 prefix=$2 deadline
    # The shims inherit the PATH: they find their own runc and criu on it.
    PATH=$prefix/usr/bin:$cache/runc/usr/sbin:$cache/criu/bin:$PATH \
        setsid "$prefix/usr/bin/containerd" --config "$dir/config.toml" < /dev/null >> "$dir/containerd.log" 2>&1 &
    pid=$!
    deadline=$((SECONDS + 60))
    until "$prefix/usr/bin/ctr" --address "$dir/containerd.sock" version > "$dir/version" 2> /dev/null; do
        if ((SECONDS > deadline)) || ! kill -0 "$pid" 2> /dev/null; then
            cat "$dir/containerd.log" >&2
            fail "${prefix##*/} did not start"
        fi
        sleep 0.1
    done
}

start() {
    local version=$1 tcp=${2-} prefix=$cache/containerd-$1
    [[ -x $prefix/usr/bin/containerd ]] || fail "containerd $version is not unpacked; run install.sh $version"
    grep -qE ' cgroup2? ' /proc/self/mounts || fail "no cgroup file system is mounted: runc can't start containers"
    dir=$(mktemp -d "${TMPDIR:-/tmp}/containerd-test.XXXXXX")
    trap 'stop "$dir"' EXIT
    # Containers that run as another user reach their root file system through this directory.
    chmod 711 "$dir"
    if [[ $tcp ]]; then write_certificates "$dir/tls"; fi
    write_config "$dir" "$tcp" > "$dir/config.toml"

    launch "$dir" "$prefix"
    {
        printf 'CONTAINERD_TEST_DIR=%q\n' "$dir"
        printf 'CONTAINERD_TEST_ADDRESS=%q\n' "$dir/containerd.sock"
        printf 'CONTAINERD_TEST_ROOT=%q\n' "$dir/root"
        printf 'CONTAINERD_TEST_STATE=%q\n' "$dir/state"
        printf 'CONTAINERD_TEST_PID=%q\n' "$pid"
        printf 'CONTAINERD_TEST_CTR=%q\n' "$prefix/usr/bin/ctr"
        # The daemon's own word, such as 1.6.20 of 1.6.20~ds1.
        printf 'CONTAINERD_TEST_VERSION=%q\n' "$(sed -n '/^Server/,$ s/^ *Version: *v\?\([0-9]*\.[0-9]*\.[0-9]*\).*/\1/p' "$dir/version")"
        if [[ $tcp ]]; then
            printf 'CONTAINERD_TEST_TLS_ADDRESS=%q\n' "127.0.0.1:$(listening_port "$pid")"
            printf 'CONTAINERD_TEST_TLS_CA=%q\n' "$dir/tls/ca.crt"
            printf 'CONTAINERD_TEST_TLS_CERT=%q\n' "$dir/tls/client.crt"
            printf 'CONTAINERD_TEST_TLS_KEY=%q\n' "$dir/tls/client.key"
        fi
    } | tee "$dir/daemon.env"
    trap - EXIT
}

restart() {
    local dir=$1 ctr
    ctr=$(sed -n 's/^CONTAINERD_TEST_CTR=//p' "$dir/daemon.env")
    launch "$dir" "${ctr%/usr/bin/ctr}"
    sed -i "s/^CONTAINERD_TEST_PID=.*/CONTAINERD_TEST_PID=$pid/" "$dir/daemon.env"
    cat "$dir/daemon.env"
}

# Processes that belong to the daemon in a directory: itself and its shims (their arguments name its files), and
# processes whose root file system lies in it (a container outlives a shim that was killed).
roots_of() {
    local dir=$1 process arguments
    for process in /proc/[0-9]*; do
        mapfile -d '' -t arguments < "$process/cmdline" || continue
        if [[ " ${arguments[*]} " == *" $dir/containerd.sock "* || " ${arguments[*]} " == *" $dir/config.toml "* ]] ||
            awk -v dir="$dir/" '$5 == "/" && index($0, dir) { found = 1 } END { exit !found }' "$process/mountinfo"; then
            echo "${process#/proc/}"
        fi
    done 2> /dev/null
}

# Reads process ids; prints them and all that descend from them.
descendants() {
    local -A wanted=()
    local pid parent grown=1 stat line
    while read -r pid; do wanted[$pid]=1; done
    while ((grown)); do
        grown=0
        for stat in /proc/[0-9]*/stat; do
            read -r line < "$stat" || continue
            pid=${line%% *}
            # After the command's name, which may hold spaces and parentheses.
            read -r _ parent _ <<< "${line##*) }"
            if [[ ${wanted[$parent]-} && ! ${wanted[$pid]-} ]]; then
                wanted[$pid]=1
                grown=1
            fi
        done 2> /dev/null
    done
    ((${#wanted[@]} == 0)) || printf '%s\n' "${!wanted[@]}"
}

# Kills them all and prints the FIFOs that they held, which clients put outside the daemon's directory.
kill_processes() {
    local dir=$1 pids pid deadline=$((SECONDS + 30))
    while true; do
        mapfile -t pids < <(roots_of "$dir" | descendants)
        ((${#pids[@]})) || return 0
        ((SECONDS <= deadline)) || fail "processes ${pids[*]} of $dir do not end"
        for pid in "${pids[@]}"; do
            find "/proc/$pid/fd" -lname '/run/containerd/fifo/*' -printf '%l\n' 2> /dev/null || true
        done
        kill -KILL "${pids[@]}" 2> /dev/null || true
        sleep 0.05
    done
}

unmount_below() {
    local dir=$1 mounts i
    mapfile -t mounts < <(awk -v dir="$dir/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo)
    for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do
        umount "${mounts[i]}" 2> /dev/null || umount --lazy "${mounts[i]}"
    done
}

# Whether any other containerd or shim runs on this machine: it could be about to use an empty directory.
another_runs() {
    [[ $(find /proc/[0-9]*/exe -maxdepth 0 \( -lname '*/containerd' -o -lname '*/containerd (deleted)' \
        -o -lname '*/containerd-shim-*' \) 2> /dev/null) ]]
}

# What shims and runc keep outside the daemon's directory, in places that no setting moves: sockets, runc's
# state and cgroups. Only what names this daemon's files is removed, and, where no other containerd runs, sockets
# on which nobody listens and empty directories.
remove_traces() {
    local dir=$1 namespaces=$2 fifos=$3 state cgroup namespace socket
    xargs -r rm -f -- <<< "$fifos"
    for state in /run/containerd/runc/*/*/state.json; do
        grep -qsF "$dir/" "$state" || continue
        grep -oE '/sys/fs/cgroup/[^"]+' "$state" | while read -r cgroup; do
            [[ ! -d $cgroup ]] || find "$cgroup" -depth -type d -exec rmdir -p --ignore-fail-on-non-empty {} + 2> /dev/null || true
        done
        rm -rf -- "${state%/state.json}"
    done
    while read -r namespace; do
        [[ $namespace ]] || continue

        # What nobody else can have named is ours with all that is in it, such as containers of a daemon that was killed.
        if [[ $namespace =~ [0-9a-f]{32}$ ]]; then
            find /sys/fs/cgroup/"$namespace" /sys/fs/cgroup/*/"$namespace" -depth -type d -exec rmdir {} \; 2> /dev/null || true
            rm -rf -- "/run/containerd/runc/$namespace"
            continue
        fi
        for cgroup in /sys/fs/cgroup/"$namespace" /sys/fs/cgroup/*/"$namespace" /run/containerd/runc/"$namespace"; do
            [[ ! -d $cgroup ]] || rmdir --ignore-fail-on-non-empty "$cgroup" 2> /dev/null || true
        done
    done <<< "$namespaces"
    if [[ -d /run/containerd ]] && ! another_runs; then
        for socket in /run/containerd/s/*; do
            [[ ! -S $socket ]] || grep -qF "$socket" /proc/net/unix || rm -f -- "$socket"
        done
        find /run/containerd -depth -type d -empty -delete
    fi
}

stop() {
    local dir=$1 namespaces fifos
    namespaces=$(find "$dir/root/io.containerd.runtime.v2.task" -mindepth 1 -maxdepth 1 -printf '%f\n' 2> /dev/null || true)
    fifos=$(kill_processes "$dir")
    unmount_below "$dir"
    remove_traces "$dir" "$namespaces" "$fifos"
    rm -rf -- "$dir"
}

case ${1-}:${2-} in
    start:1.6 | start:1.7 | start:2.x)
        [[ ${3---tcp} == --tcp ]] || fail "unknown option $3"
        start "$2" "${3-}"
        ;;
    restart:?* | stop:?*)
        [[ -f $2/config.toml && -f $2/daemon.env ]] || fail "$2 is not the directory of a private daemon"
        "$1" "$(realpath "$2")"
        ;;
    *) fail "usage: daemon.sh start ${versions[*]} [--tcp] | restart DIRECTORY | stop DIRECTORY" ;;
esac
