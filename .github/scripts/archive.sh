#!/usr/bin/env bash
# Packs a compiled program with what belongs to it: archive.sh TARGET PROGRAM FOLDER. Prints the archive's path.
# The same files make the same archive. DENO is the deno to use.
set -euo pipefail
target=$1 program=$(realpath "$2") folder=$(realpath "$3")
cd "$(dirname "$0")/../.."
read -ra deno <<<"${DENO:-npx -y deno@2.9.6}"
blkcache() { "${deno[@]}" run -q -P main.ts "$@"; }

machine=$(readelf -h "$program" | sed -n 's/^ *Machine: *//p')
case "$target/$machine" in
  x86_64-*/*X86-64 | aarch64-*/AArch64) ;;
  *) echo "\"$program\" is for $machine, not for $target" >&2 && exit 1 ;;
esac

name=blkcache-$(blkcache --version | cut -d' ' -f2)-$target
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/$name/completions"
install -m 755 "$program" "$work/$name/blkcache"
install -m 644 README.md CHANGELOG.md LICENSE "$work/$name"
install -D -m 644 --target-directory="$work/$name/systemd" .github/systemd/*
blkcache help --man >"$work/$name/blkcache.1"
blkcache completions bash >"$work/$name/completions/blkcache.bash"
blkcache completions zsh >"$work/$name/completions/_blkcache"
blkcache completions fish >"$work/$name/completions/blkcache.fish"
tar --create --directory="$work" --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rw,go+r,go-w \
  --mtime="@$(git log -1 --format=%ct 2>/dev/null || echo 0)" "$name" | gzip -n -9 >"$folder/$name.tar.gz"
echo "$folder/$name.tar.gz"
