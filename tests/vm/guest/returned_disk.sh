# A disk goes and comes back under a client's copy and a fill: deleted in sysfs and found again by a scan, then
# unplugged, with another disk in its place for a while. Then a disc that leaves a run which is to end by itself.
. /job/lib.sh
modules sd_mod sr_mod
there /sys/block/sda /sys/block/sr0
DISK='{"execute":"device_add","arguments":{"driver":"scsi-hd","id":"disk","drive":"disk","serial":"DISK1"}}'
OTHER='{"execute":"device_add","arguments":{"driver":"scsi-hd","id":"other","drive":"other","serial":"OTHER"}}'

# disk_of SERIAL: the name of the disk that has it, waited for.
disk_of() {
  tenths=0
  while :; do
    for block in /sys/block/sd*; do
      # Behind the 4 bytes of the page's head.
      [ "$(tail -c +5 "$block/device/vpd_pg80" 2>/dev/null)" = "$1" ] && echo "${block##*/}" && return
    done
    tenths=$((tenths + 1))
    [ $tenths -gt $PATIENCE ] && fail "no disk $1"
    usleep 100000
  done
}

# udev's part: the name that stays the same.
mkdir -p /dev/disk/by-id
BY_ID=/dev/disk/by-id/disk
ln -s "../../$(disk_of DISK1)" $BY_ID

serve $BY_ID disk.img --fill --exit-when-complete --timeout 0 --save-interval 1 --max-clients 1
await '"event":"ready"'
copy /w/disk.copy &
COPY=$!
await '"deviceBytes":[3-9][0-9]\{6\}'
echo 1 >"/sys/block/$(disk_of DISK1)/device/delete"
rm $BY_ID
await 'has stopped answering since'
# Some reads are under way or wait; the map on disk has no sector that is bad.
grep -q ' [-*/]$' disk.img.map && fail "the map calls sectors bad: $(cat disk.img.map)"
for host in /sys/class/scsi_host/host*; do echo '- - -' >"$host/scan"; done
echo "back as $(disk_of DISK1)"
await 'answers again'

await '"deviceBytes":\([89]\|1[0-9]\)[0-9]\{6\}'
hostqmp '{"execute":"device_del","arguments":{"id":"disk"}}' >/dev/null || fail "unplug"
await 'has stopped answering since' 2
hostqmp "$OTHER" >/dev/null || fail "plug in the other disk"
ln -s "../../$(disk_of OTHER)" $BY_ID
await 'is another device now: its serial number is OTHER, not DISK1'
# The link stays with the other disk: this one is found by its serial number.
hostqmp "$DISK" >/dev/null || fail "plug in again"
await 'answers again' 2
wait $COPY || fail "the copy has failed"
wait "$SERVER" || fail "exit code $?"
mv /out/events /out/events.disk

# Without any disc nobody is impatient. What must not happen is waited for as long as three times the patience.
serve /dev/sr0 disc.img --fill --exit-when-complete --give-up-after 2 --max-clients 1
await 'no medium in'
tenths=0
while [ $tenths -lt 60 ]; do
  kill -0 "$SERVER" || fail "given up before there was a disc"
  tenths=$((tenths + 5))
  usleep 500000
done
drive insert cd "$SLOW_A"
await '"deviceBytes":[1-9][0-9]\{5\}'
drive pop cd
wait "$SERVER"
code=$?
[ $code = 4 ] || fail "exit code $code instead of 4"
await 'has not come back'
keep
