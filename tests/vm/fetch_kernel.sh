#!/usr/bin/env bash
# fetch_kernel.sh SUITE HOME: makes HOME a virtual machine like that in $VM_HOME (which setup.sh has built), with the
# kernel of another Debian suite: bullseye has Linux 5.10, bookworm-backports has 6.12. Downloads one package into a
# folder of its own and unpacks it; no kernel is installed and apt's own settings are left alone. A second call returns
# at once.
set -euo pipefail

suite=$1 home=$2
[ -s "$home/base.cpio" ] && [ -s "$home/vmlinux" ] && exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# An apt that knows this one suite.
mkdir -p "$work"/etc/apt/{apt.conf.d,preferences.d,sources.list.d,trusted.gpg.d} "$work"/var/lib/apt/lists/partial \
  "$work"/var/lib/dpkg "$work"/var/cache/apt/archives/partial
: >"$work/var/lib/dpkg/status"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$keyring" ] || apt-get install -y -q debian-archive-keyring >/dev/null
echo "deb [signed-by=$keyring] http://deb.debian.org/debian $suite main" >"$work/etc/apt/sources.list"
apt=(-o "Dir=$work" -o "Dir::State::status=$work/var/lib/dpkg/status" -o APT::Architecture=amd64 -o APT::Sandbox::User=root -qq)
apt-get "${apt[@]}" update
package=$(apt-cache "${apt[@]}" depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
[ -n "$package" ] || { echo "$suite has no kernel" >&2; exit 1; }
(cd "$work" && apt-get "${apt[@]}" download "$package" && dpkg -x linux-image-*.deb kernel)
version=$(ls "$work/kernel/lib/modules")
find "$work/kernel/lib/modules" -name '*.ko.xz' -exec xz -d {} +
depmod -b "$work/kernel" "$version"

# The same files in the initial file system, and the same modules, of the other kernel.
mkdir "$work/base"
(cd "$work/base" && cpio --extract --quiet <"$VM_HOME/base.cpio")
modules=$(find "$work/base/lib/modules" -name '*.ko' -printf '%f\n' | sed 's/\.ko$//')
rm -rf "$work"/base/lib/modules/*
folder=lib/modules/$version
mkdir -p "$work/base/$folder"
for module in $modules; do
  # What one kernel has as a module another may have built in, or not have at all.
  modprobe -S "$version" -d "$work/kernel" --show-depends "$module" 2>/dev/null || true
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r file; do
  install -D "$file" "$work/base/$folder/${file#"$work/kernel/$folder/"}"
done
cp "$work/kernel/$folder"/modules.{order,builtin,builtin.modinfo} "$work/base/$folder/"
depmod -b "$work/base" "$version"

mkdir -p "$home"
# The kernel inside a bzImage starts sooner by itself: where it lies stands in the header.
python3 - "$work"/kernel/boot/vmlinuz-* "$home/vmlinux" <<'PY'
import lzma, struct, sys
image = open(sys.argv[1], "rb").read()
start = (image[0x1F1] + 1) * 512 + struct.unpack_from("<I", image, 0x248)[0]
payload = image[start:start + struct.unpack_from("<I", image, 0x24C)[0]]
is_xz = payload.startswith(b"\xfd7zXZ")
open(sys.argv[2], "wb").write(lzma.LZMADecompressor().decompress(payload) if is_xz else image)
PY
(cd "$work/base" && find . | cpio --create --format=newc --quiet) >"$home/base.cpio.new"
mv "$home/base.cpio.new" "$home/base.cpio"
