#!/usr/bin/env bash
# Makes a small image from busybox in three forms, with no registry and no other tool; the same bytes every time.
# Usage: image.sh DIRECTORY   writes busybox.tar and busybox.tar.gz (OCI layouts) and busybox-docker.tar (docker save)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/daemon/cache.sh
source "$here/cache.sh"
umask 022

output=${1-}
[[ $output ]] || fail "usage: image.sh DIRECTORY"
busybox=$cache/busybox/bin/busybox
[[ -x $busybox ]] || fail "busybox is not unpacked; run install.sh tools"
name=docker.io/library/busybox:latest
created=1970-01-01T00:00:00Z
case $(dpkg --print-architecture) in
    i386) architecture=386 ;;
    armhf) architecture=arm ;;
    *) architecture=$(dpkg --print-architecture) ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# archive SOURCE FILE: a tar file that depends on nothing but the content.
archive() {
    tar --create --file "$2" --directory "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar .
}

digest() {
    sha256sum "$1" | cut -d ' ' -f 1
}

# blob FILE: stores it in the layout and prints its descriptor's digest and size.
blob() {
    local hex
    hex=$(digest "$1")
    cp "$1" "$work/oci/blobs/sha256/$hex"
    printf '"digest":"sha256:%s","size":%d' "$hex" "$(stat -c %s "$1")"
}

rootfs=$work/rootfs
mkdir -p "$rootfs"/{bin,dev,etc,home/app,proc,root,run,sys,tmp,var/log} "$work/oci/blobs/sha256" "$output"
chmod 1777 "$rootfs/tmp"
chmod 777 "$rootfs/home/app"
cp "$busybox" "$rootfs/bin/busybox"
"$busybox" --list | grep -vxF busybox | while read -r applet; do
    ln -s busybox "$rootfs/bin/$applet"
done
cat > "$rootfs/etc/passwd" <<END
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/:/bin/false
app:x:1000:1000:app:/home/app:/bin/sh
END
cat > "$rootfs/etc/group" <<END
root:x:0:
daemon:x:1:
app:x:1000:
extra:x:2000:app
END

archive "$rootfs" "$work/layer.tar"
gzip --no-name --best --keep "$work/layer.tar"
printf '{"created":"%s","architecture":"%s","os":"linux","config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]},"history":[{"created":"%s","created_by":"busybox"}]}' \
    "$created" "$architecture" "$(digest "$work/layer.tar")" "$created" > "$work/config.json"

printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json",%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",%s}]}' \
    "$(blob "$work/config.json")" "$(blob "$work/layer.tar.gz")" > "$work/manifest.json"
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",%s,"platform":{"architecture":"%s","os":"linux"},"annotations":{"io.containerd.image.name":"%s","org.opencontainers.image.ref.name":"latest"}}]}' \
    "$(blob "$work/manifest.json")" "$architecture" "$name" > "$work/oci/index.json"
printf '{"imageLayoutVersion":"1.0.0"}' > "$work/oci/oci-layout"
archive "$work/oci" "$output/busybox.tar"
gzip --no-name --force --keep "$output/busybox.tar"

docker=$work/docker
layer=$(digest "$work/layer.tar")
config=$(digest "$work/config.json")
mkdir -p "$docker/$layer"
cp "$work/layer.tar" "$docker/$layer/layer.tar"
cp "$work/config.json" "$docker/$config.json"
printf '[{"Config":"%s.json","RepoTags":["busybox:latest"],"Layers":["%s/layer.tar"]}]' "$config" "$layer" > "$docker/manifest.json"
archive "$docker" "$output/busybox-docker.tar"
