#!/bin/sh
# Does the program start and do its work where nothing is installed? start_test.sh PROGRAM. Needs a shell,
# coreutils and grep only: it runs in clean containers of old and new distributions.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$1" --version
dd if=/dev/urandom of=source bs=65536 count=64 2>/dev/null
"$1" serve --fill --exit-when-complete --quiet --socket "$folder/socket" source image >/dev/null
[ "$(sha256sum <source)" = "$(sha256sum <image)" ] || { echo "the image differs" >&2 && exit 1; }
"$1" map image.map >map
grep -q "All of it is finished" map
