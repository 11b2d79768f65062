#!/usr/bin/env bash
# fetch_kernel.sh SUITE HOME: makes HOME a machine like that in $VM_HOME (setup.sh has built it), with the kernel of
# another Debian suite: bullseye has Linux 5.10, bookworm-backports has 6.12. Downloads one package into a folder of
# its own and unpacks it; installs no kernel and leaves apt's own settings alone. A later call returns at once.
set -euo pipefail
kit=$(dirname "$(readlink -f "$0")")
suite=$1 home=$2
[ -s "$home/base.cpio" ] && [ -s "$home/vmlinux" ] && cmp -s "$VM_HOME/sum" "$home/sum" && exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# An apt that knows this one suite.
mkdir -p "$work"/etc/apt/{apt.conf.d,preferences.d,sources.list.d,trusted.gpg.d} "$work"/var/lib/apt/lists/partial \
  "$work"/var/lib/dpkg "$work"/var/cache/apt/archives/partial
: >"$work/var/lib/dpkg/status"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
apt=(-o "Dir=$work" -o "Dir::State::status=$work/var/lib/dpkg/status" -o APT::Architecture=amd64 -o APT::Sandbox::User=root -qq)
# A suite that Debian no longer supports moves to the archive.
for mirror in deb archive; do
  echo "deb [signed-by=$keyring check-valid-until=no] http://$mirror.debian.org/debian $suite main" >"$work/etc/apt/sources.list"
  apt-get "${apt[@]}" update || continue
  package=$(apt-cache "${apt[@]}" depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
  [ -z "$package" ] || break
done
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
python3 "$kit/elf_of_kernel.py" "$work"/kernel/boot/vmlinuz-* "$home/vmlinux"
(cd "$work/base" && find . | cpio --create --format=newc --quiet) >"$home/base.cpio.new"
mv "$home/base.cpio.new" "$home/base.cpio"
cp "$VM_HOME/sum" "$home/sum"
