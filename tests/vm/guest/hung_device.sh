# A disk that does not answer from the first read on: a suspended device mapper, which not even SIGKILL gets a
# reading thread out of. Then the same disk when it answers at last.
. /job/lib.sh
modules sd_mod dm_mod fuse
there /sys/block/sda
sectors=$(cat /sys/block/sda/size)
echo "0 $sectors linear /dev/sda 0" | dmsetup create --noudevrules --noudevsync hung || fail "dmsetup create"
there /dev/dm-0
dmsetup suspend --noudevsync hung || fail "dmsetup suspend"

# ends PID: it ends by itself within some seconds; its exit code is in $?.
ends() {
  tenths=0
  while kill -0 "$1" 2>/dev/null; do
    tenths=$((tenths + 1))
    [ $tenths -gt 100 ] && fail "process $1 does not end: $(cat /proc/"$1"/task/*/stack)"
    usleep 100000
  done
  wait "$1"
}

# nothing_left: neither files nor threads.
nothing_left() {
  [ -z "$(ls /w)" ] || fail "files are left: $(ls /w)"
  grep -l '^State:.*D' /proc/[0-9]*/task/*/status 2>/dev/null | while read -r status; do
    grep -q '^Name:.*\(blkcache\|worker\)' "$status" && fail "a thread is left: $(cat "$status")"
  done
  true
}

# waits: the program says that it waits, and nothing of it lies in the kernel where no signal reaches it.
waits() {
  await '"event":"waiting"' "$1"
  grep -o 'waiting for /dev/dm-0 to answer ([0-9]* s); Ctrl-C ends' /out/events >/dev/null || fail "what is waited for"
}

serve /dev/dm-0 disk.img
waits 1
kill -INT "$SERVER"
ends "$SERVER"
nothing_left

count=$(seen '"event":"waiting"')
/job/blkcache mount /dev/dm-0 file --json --socket /w/socket >>/out/events 2>>/out/said &
SERVER=$!
waits $((count + 1))
kill -TERM "$SERVER"
ends "$SERVER"
nothing_left

/job/blkcache detect >/out/detect || fail "detect"
/job/blkcache detect /dev/dm-0 >/out/detect.named 2>&1 &
NAMED=$!
tenths=0
until ! kill -0 $NAMED 2>/dev/null; do
  tenths=$((tenths + 1))
  [ $tenths -gt $PATIENCE ] && fail "detect hangs"
  usleep 100000
done
wait $NAMED && fail "detect calls it well"
nothing_left

count=$(seen '"event":"waiting"')
serve /dev/dm-0 disk.img
waits $((count + 1))
dmsetup resume --noudevsync hung
await '"event":"ready"'
copy /w/copy || fail "copy"
stop || fail "exit code $?"
dmsetup remove --noudevsync hung
keep
