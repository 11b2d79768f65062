#!/usr/bin/env bash
# setup.sh: builds what run.sh boots into the folder $VM_HOME, as root on Debian: `vmlinux`, the kernel of this Debian
# as a plain ELF file, and `base.cpio`, an initial file system with busybox, the storage drivers and the programs that
# the tests use in the guest. Takes a minute, once for each state of the kit; a later call returns at once.
set -euo pipefail
kit=$(dirname "$(readlink -f "$0")")
home=${VM_HOME:?the folder to build in}
# What is built follows the kit: another one has another sum.
sum=$(cat "$kit"/{setup.sh,elf_of_kernel.py,init,hostqmp} | sha256sum | cut -d' ' -f1)
[ -s "$home/base.cpio" ] && [ -s "$home/vmlinux" ] && [ "$(cat "$home/sum" 2>/dev/null)" = "$sum" ] && exit 0

"$kit/../../install_packages.sh" >&2
mkdir -p "$home"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The kernel. Its package is unpacked and not installed.
package=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
[ -n "$package" ] || { echo "apt knows no kernel: run apt-get update" >&2; exit 1; }
# As root, as the folder belongs to root.
(cd "$work" && apt-get -o APT::Sandbox::User=root download -qq "$package" >&2 && dpkg -x linux-image-*.deb kernel)
python3 "$kit/elf_of_kernel.py" "$work"/kernel/boot/vmlinuz-* "$home/vmlinux"
version=$(ls "$work/kernel/lib/modules")
depmod -b "$work/kernel" "$version"

root=$work/base
folder=lib/modules/$version
mkdir -p "$root"/{bin,sbin,proc,sys,dev,tmp,run,mnt,job,out,root,etc,lib,lib64,usr/bin,usr/sbin} "$root/$folder"

drivers=(
  virtio_pci virtio_blk virtio_scsi virtio_console 9p 9pnet_virtio # what the guest is made of
  sd_mod sr_mod cdrom sg nbd fuse loop                             # devices
  dm-mod                                                           # a device that hangs
  isofs udf ext4 vfat nls_ascii nls_cp437 nls_utf8                 # file systems
)
for driver in "${drivers[@]}"; do
  modprobe -S "$version" -d "$work/kernel" --show-depends "$driver"
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r file; do
  install -D "$file" "$root/$folder/${file#"$work/kernel/$folder/"}"
done
cp "$work/kernel/$folder"/modules.{order,builtin,builtin.modinfo} "$root/$folder/"
depmod -b "$root" "$version"

install "$(command -v busybox)" "$root/bin/busybox"
for name in $("$root/bin/busybox" --list); do
  [ "$name" = busybox ] || ln -s busybox "$root/bin/$name"
done

# add FILE: a program or library of this machine, with the libraries that it loads.
add() {
  local library
  install -D "$1" "$root$1"
  { ldd "$1" 2>/dev/null || true; } | sed -n 's|^[^/]*\(/[^ ]*\).*|\1|p' | while read -r library; do
    [ -e "$root$library" ] || install -D "$(readlink -f "$library")" "$root$library"
  done
}
for name in nbd-client dmsetup nbdcopy nbdinfo; do
  # Root's path may lack /usr/sbin here.
  add "$(PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v "$name")"
done
# What the compiled program loads.
for name in libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libgcc_s.so.1; do
  add "/lib/x86_64-linux-gnu/$name"
done
[ -e "$root/lib64/ld-linux-x86-64.so.2" ] || install /lib64/ld-linux-x86-64.so.2 "$root/lib64/"
echo /lib/x86_64-linux-gnu >"$root/etc/ld.so.conf"
ldconfig -r "$root" 2>/dev/null
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
echo '127.0.0.1 localhost' >"$root/etc/hosts"
install -m 755 "$kit/init" "$root/init"
install -m 755 "$kit/hostqmp" "$root/bin/hostqmp"

(cd "$root" && find . | cpio --create --format=newc --quiet) >"$home/base.cpio.new"
mv "$home/base.cpio.new" "$home/base.cpio"
echo "$sum" >"$home/sum"
