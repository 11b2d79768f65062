# A disk that goes five times during one fill. Nobody finds it again but the command of --on-stall, which has its host
# look for it: with the kernel's old name still in use, it comes back under another one.
. /job/lib.sh
modules sd_mod
there /sys/block/sda

# read_bytes N: waits until so many bytes have come from the device.
read_bytes() {
  tenths=0
  while :; do
    bytes=$(grep '"event":"progress"' /out/events | tail -n 1 | sed 's/.*"deviceBytes":\([0-9]*\).*/\1/')
    [ "${bytes:-0}" -ge "$1" ] && return
    tenths=$((tenths + 3))
    [ $tenths -gt $PATIENCE ] && fail "$bytes bytes read instead of $1"
    usleep 300000
  done
}

HOOK='echo "$DEVICE $SERIAL $BUS_PATH $STALL_COUNT" >>/out/hook; echo "- - -" >/sys/class/scsi_host/$BUS_PATH/scan'
serve /dev/sda disk.img --fill --exit-when-complete --save-interval 1 --max-clients 1 --on-stall "$HOOK"
await '"event":"ready"'
for n in 1 2 3 4 5; do
  read_bytes $((n * 1500000)) # far from the end, as the script may be slow to notice
  for disk in /sys/block/sd*; do echo 1 >"$disk/device/delete"; done
  await 'has stopped answering since' $n
  await 'running the command of --on-stall' $n
  await 'answers again' $n
done
wait "$SERVER" || fail "exit code $?"
keep
