# A stick that is unplugged under load and comes back under another name; then the options of a disc drive.
. /job/lib.sh
modules sd_mod sr_mod
there /sys/block/sda /sys/block/sr0
STICK='{"execute":"device_add","arguments":{"driver":"scsi-hd","id":"stick","drive":"stick","removable":"on","serial":"STICK1"}}'

# udev's part: the name that stays the same.
mkdir -p /dev/disk/by-id
BY_ID=/dev/disk/by-id/usb-stick
ln -s ../../sda $BY_ID
serve $BY_ID --max-clients 1
await '"event":"ready"'
copy null: 2>/w/cut &
COPY=$!
# More than the start, which sticks of one make share: nobody could tell that it is the same one.
await '"deviceBytes":[3-9][0-9]\{6\}'
hostqmp '{"execute":"device_del","arguments":{"id":"stick"}}' >/dev/null || fail "unplug"
wait $COPY && fail "a copy of an unplugged stick has succeeded"
rm $BY_ID
await '"event":"medium","state":"left"'
await 'is not plugged in'
# Its old name is taken by another disk.
hostqmp '{"execute":"device_add","arguments":{"driver":"scsi-hd","id":"other","drive":"other"}}' >/dev/null || fail "other"
there /sys/block/sda
hostqmp "$STICK" >/dev/null || fail "plug in"
there /sys/block/sdb
ln -s ../../sdb $BY_ID
await '"event":"ready"' 2
copy /w/stick.copy || fail "copy of the stick"
stop || fail "exit code $?"
mv /out/events /out/events.stick

# An image of one disc: another disc is refused, and that one awaited. The door is not locked, and the discs
# are exchanged between two looks while nobody reads.
drive insert cd "$DISC_A"
serve /dev/sr0 disc.img --max-clients 1
await '"event":"ready"'
drive eject cd
drive insert cd "$DISC_B"
await '"state":"refused"'
copy null: 2>/dev/null && fail "a refused disc is served"
drive insert cd "$DISC_A"
await '"event":"ready"' 2
# The drive itself goes, and comes back.
EMPTY=$(seen 'no medium in')
hostqmp '{"execute":"device_del","arguments":{"id":"cd"}}' >/dev/null || fail "unplug the drive"
await 'is not plugged in'
hostqmp '{"execute":"device_add","arguments":{"driver":"scsi-cd","id":"cd"}}' >/dev/null || fail "plug in the drive"
await 'no medium in' $((EMPTY + 1))
drive insert cd "$DISC_A"
await '"event":"ready"' 3
stop INT || fail "exit code $?"
mv /out/events /out/events.named

# What is written is kept for its disc; another one is refused meanwhile, also at the start.
dd if=/dev/urandom of=/tmp/new bs=64k count=4 2>/dev/null
serve /dev/sr0 --overlay over --max-clients 1
await '"event":"ready"'
nbdcopy --connections=1 /tmp/new "$URI" || fail "write to a disc's overlay"
drive pop cd
await '"state":"left"'
drive insert cd "$DISC_B"
await '"state":"refused"'
drive pop cd
drive insert cd "$DISC_A"
await '"event":"ready"' 2
copy /w/over.first || fail "copy with the overlay"
stop || fail "exit code $?"
mv /out/events /out/events.over
drive insert cd "$DISC_B"
serve /dev/sr0 --overlay over --max-clients 1
await '"state":"refused"'
drive insert cd "$DISC_A"
await '"event":"ready"'
copy /w/over.second || fail "copy with the overlay, again"
stop || fail "exit code $?"
for copy in over.first over.second; do
  dd if=$copy bs=64k count=4 2>/dev/null | cmp - /tmp/new || fail "$copy has not what was written"
done
mv /out/events /out/events.again

# One disc, no traces, a speed; with --once the run ends when it leaves.
# The kernel's record of the commands says which speeds are set: 0xbb is SET CD SPEED, in kB/s.
COMMANDS=/sys/kernel/tracing/events/scsi/scsi_dispatch_cmd_start
mount -t tracefs tracefs /sys/kernel/tracing
echo 'opcode == 0xbb' >$COMMANDS/filter
echo 1 >$COMMANDS/enable
mkdir /w/once
cd /w/once
serve /dev/sr0 --once --no-keep-cache --speed 4 --max-clients 1
await '"event":"ready"'
[ "$(ls /w/once | wc -l)" -ge 3 ] || fail "no image: $(ls)"
drive pop cd
wait "$SERVER" || fail "exit code $?"
[ -z "$(ls /w/once)" ] || fail "left behind: $(ls)"
cd /w
sed -n 's/.*raw=bb 00 \(.. ..\) .*/\1/p' /sys/kernel/tracing/trace >/w/speeds
keep
