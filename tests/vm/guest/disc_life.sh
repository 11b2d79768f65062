# A drive that is empty at first, disc A, a forced ejection while it is read, disc B, disc A again.
. /job/lib.sh
modules sr_mod
there /sys/block/sr0

[ "$(cat /sys/block/sr0/events_poll_msecs)" = -1 ] || fail "the kernel polls already"
serve /dev/sr0 --max-clients 1
await '"state":"awaited"'
[ "$(cat /sys/block/sr0/events_poll_msecs)" -gt 0 ] || fail "the kernel does not poll"
LIBNBD_DEBUG=1 nbdinfo "$URI" 2>/w/refused && fail "a client is served without a disc"

drive insert cd "$SLOW_A"
await '"event":"ready"'
copy /w/cut.copy 2>/w/cut &
COPY=$!
await '"deviceBytes":[1-9][0-9]\{6\}'
drive pop cd
wait $COPY && fail "a copy of an ejected disc has succeeded"
await '"event":"medium","state":"left"'
await '"state":"awaited"' 2

drive insert cd "$DISC_B"
await '"event":"ready"' 2
copy /w/b.copy || fail "copy of B"

drive pop cd
await '"event":"medium","state":"left"' 2
# Sectors of 512 bytes that the kernel has read from the drive.
read_sectors() { set -- $(cat /sys/block/sr0/stat) && echo "$3"; }
before=$(read_sectors)
drive insert cd "$DISC_A"
await '"event":"ready"' 3
copy /w/a.copy || fail "copy of A"
echo $(($(read_sectors) - before)) >/w/reread
stop || fail "exit code $?"
[ "$(cat /sys/block/sr0/events_poll_msecs)" = -1 ] || fail "the kernel's polling was left switched on"
rm /w/cut.copy
keep
