# What is served as a block device of the kernel's: read, mounted, partitioned, taken away, and back again.
. /job/lib.sh
modules sd_mod sr_mod isofs
there /sys/block/sda /sys/block/sr0
mkdir /mnt/disk

# refused PATTERN ARGS...: the program does not start, and says so.
refused() {
  pattern=$1
  shift
  /job/blkcache serve "$@" --socket /w/other 2>/w/refusal && fail "it has started: $*"
  grep -q "$pattern" /w/refusal || fail "no \"$pattern\": $(cat /w/refusal)"
}

# ends PID: it ends by itself, soon; its exit code is in $?.
ends() {
  tenths=0
  while kill -0 "$1" 2>/dev/null; do
    tenths=$((tenths + 1))
    [ $tenths -gt $PATIENCE ] && fail "process $1 hangs: $(cat /proc/"$1"/stack)"
    usleep 100000
  done
  wait "$1"
}

# gone: the kernel has let go of the device.
gone() {
  tenths=0
  while [ -e /sys/block/nbd0/pid ]; do
    tenths=$((tenths + 1))
    [ $tenths -gt $PATIENCE ] && fail "the device is not let go of"
    usleep 100000
  done
}

refused 'modprobe nbd' /dev/sda disk.img --attach /dev/nbd0
refused "no device of the kernel's NBD client" /dev/sda disk.img --attach /dev/sr0
modprobe nbd
refused 'there is no "/dev/nbd99"' /dev/sda disk.img --attach /dev/nbd99

# It is stopped while its threads start: it ends in order, and what was made for it goes.
serve /dev/sda never.img --attach /dev/nbd0 --max-clients 1
there /w/never.img.json
stop || fail "exit code $? of a start that was stopped"
grep 'Uncaught\|EBADF' /out/said && fail "a descriptor was closed under a thread"
[ -e /w/never.img ] && ! seen '"event":"ready"' >/dev/null && fail "an image is left"
rm -f /w/never.*
gone
mv /out/events /out/events.stopped

# Everything is read through the kernel; a partition is mounted.
serve /dev/sda disk.img --attach /dev/nbd0 --max-clients 1
await '"event":"ready"'
await '/dev/nbd0p1, /dev/nbd0p2'
cmp /dev/sda /dev/nbd0 || fail "the device differs"
cat /sys/block/nbd0/queue/logical_block_size >/w/block-size
there /dev/nbd0p1 /dev/nbd0p2
mount -t iso9660 -o ro /dev/nbd0p1 /mnt/disk || fail "mount"
cp /mnt/disk/file1.bin /w/
dd if=/dev/zero of=/dev/nbd0 bs=512 count=1 2>/w/written && fail "it can be written to"
refused 'attached already, by process' /dev/sda more.img --attach /dev/nbd0
refused 'is a partition' /dev/sda more.img --attach /dev/nbd0p1

# The program ends although the device is mounted: whoever uses it gets errors, and no longer waits.
stop || fail "exit code $?"
dd if=/dev/nbd0 of=/dev/null bs=64k count=1 skip=3 2>/dev/null &
ends $!
umount /mnt/disk
gone
mv /out/events /out/events.first

# It is killed in the middle of reads, of the kernel's and of the device's, with a partition mounted.
serve /dev/sda other.img --attach /dev/nbd0 --max-clients 1
await '"event":"ready"'
# Until then the kernel may take them away for a moment, as it looks for them again.
await '/dev/nbd0p1, /dev/nbd0p2'
there /dev/nbd0p1
mount -t iso9660 -o ro /dev/nbd0p1 /mnt/disk || fail "mount"
dd if=/dev/nbd0 of=/dev/null bs=64k 2>/dev/null &
READING=$!
await '"deviceBytes":[1-9][0-9]\{5\}'
kill -KILL $SERVER
ends $READING && fail "a device that has gone was read to its end"
mv /out/events /out/events.killed
# The next one serves its socket at once, says what is in the way, and attaches when that has gone.
serve /dev/sda other.img --attach /dev/nbd0 --max-clients 1
await '"event":"ready"'
await '/dev/nbd0\\" is still mounted on'
await 'umount /mnt/disk'
copy /tmp/killed.copy || fail "copy after a kill"
cmp /dev/sda /tmp/killed.copy || fail "the copy differs after a kill"
rm /tmp/killed.copy
[ "$(seen 'the kernel has it as')" = 0 ] || fail "it is attached below a mounted file system"
umount /mnt/disk
await 'the kernel has it as'
cmp /dev/sda /dev/nbd0 || fail "the device differs after a kill"

# Somebody else detaches it; the program goes on.
nbd-client -d /dev/nbd0 >/dev/null || fail "nbd-client -d"
await 'has been detached'
copy /w/disk.copy || fail "it is not served any more"
stop || fail "exit code $?"
gone
mv /out/events /out/events.detached

# What is written goes into an overlay, and is there at the next start, although nobody has synced it.
serve /dev/sda other.img --overlay over --attach /dev/nbd0 --max-clients 1
await '"event":"ready"'
dd if=/dev/urandom of=/tmp/new bs=64k count=4 2>/dev/null
dd if=/tmp/new of=/dev/nbd0 bs=64k seek=32 2>/dev/null || fail "write"
stop || fail "exit code $?"
gone
mv /out/events /out/events.written
serve /dev/sda other.img --overlay over --max-clients 1
await '"event":"ready"'
copy /tmp/over.copy || fail "copy of the overlay"
dd if=/tmp/over.copy bs=64k skip=32 count=4 2>/dev/null | cmp - /tmp/new || fail "what was written is lost"
stop || fail "exit code $?"
cmp other.img /dev/sda || fail "the image has changed"
mv /out/events /out/events.overlay

# What is written goes to the disk itself, and into the image.
serve /dev/sda through.img --write-through --attach /dev/nbd0 --max-clients 1
await '"event":"ready"'
dd if=/tmp/new of=/dev/nbd0 bs=64k seek=40 conv=fsync 2>/dev/null || fail "write through"
stop || fail "exit code $?"
gone
for copy in /dev/sda through.img; do
  dd if="$copy" bs=64k skip=40 count=4 2>/dev/null | cmp - /tmp/new || fail "$copy has not what was written"
done
mv /out/events /out/events.through

# The device follows the disc; while the one before is mounted, it waits.
drive insert cd "$DISC_A"
serve /dev/sr0 --attach /dev/nbd0 --max-clients 1
await '"event":"ready"'
await 'the kernel has it as'
mount -t iso9660 -o ro /dev/nbd0 /mnt/disk || fail "mount a disc"
cmp /dev/sr0 /dev/nbd0 || fail "the disc differs"
drive pop cd
await '"state":"left"'
drive insert cd "$DISC_B"
await 'still mounted'
await '"event":"ready"' 2
umount /mnt/disk
await 'the kernel has it as' 2
cmp /dev/sr0 /dev/nbd0 || fail "the other disc differs"
stop || fail "exit code $?"
gone
rm -f ./*.img
keep
