#!/usr/bin/env bash
# run.sh [-t SECONDS] [-m MIB] -o FOLDER JOB SCRIPT [QEMU ARGUMENTS...]
# Boots a throw-away machine of what setup.sh has built in $VM_HOME. The guest sees JOB read-only as /job and FOLDER,
# writable, as /out; it runs SCRIPT (busybox' sh, in /job), whose output comes here and whose exit code is ours.
# 124: it took longer than SECONDS; 125: the machine was off without an exit code.
#
# QEMU's control socket is FOLDER/qmp.sock (see qmp.py); in the guest `hostqmp` does the same.
# $VM_ACCEL is how qemu runs the guest's instructions. The default, tcg, emulates them and works everywhere; kvm is
# many times as fast where /dev/kvm works, but a /dev/kvm that is there need not work.
set -uo pipefail
seconds=120 mib=1024 out=
while getopts t:m:o: option; do
  case $option in
    t) seconds=$OPTARG ;;
    m) mib=$OPTARG ;;
    o) out=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[ $# -ge 2 ] && [ -n "$out" ] || { echo "run.sh: usage: -o FOLDER JOB SCRIPT" >&2; exit 2; }
job=$1 script=$2
shift 2
mkdir -p "$out" && rm -f "$out/.status" "$out"/*.sock && cp "$script" "$out/.script" || exit 2

timeout --kill-after=5 "$seconds" qemu-system-x86_64 -accel "${VM_ACCEL:-tcg}" -cpu max -m "$mib" \
  -nodefaults -no-reboot -display none -serial stdio -monitor none \
  -kernel "$VM_HOME/vmlinux" -initrd "$VM_HOME/base.cpio" \
  -append "console=ttyS0 panic=-1 mitigations=off quiet" \
  -virtfs local,security_model=none,path="$job",mount_tag=job,readonly=on \
  -virtfs local,security_model=none,path="$out",mount_tag=out \
  -qmp unix:"$out/qmp.sock",server=on,wait=off \
  -chardev socket,id=guest,path="$out/guest.sock",server=on,wait=off \
  -device virtio-serial-pci -device virtserialport,chardev=guest,name=qmp \
  -chardev socket,id=monitor,path="$out/guest.sock" -mon chardev=monitor,mode=control \
  "$@" </dev/null
code=$?
if [ $code = 124 ] || [ $code = 137 ]; then
  echo "run.sh: not off after $seconds s" >&2
  exit 124
fi
[ -s "$out/.status" ] || { echo "run.sh: the guest was off without an exit code (qemu's: $code)" >&2; exit 125; }
exit "$(cat "$out/.status")"
