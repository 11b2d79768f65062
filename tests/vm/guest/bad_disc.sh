# A disc with a bad sector in one of its files and unreadable run-out behind its file system, seen through the
# kernel's own NBD client; and what detect makes of all the drives of this machine.
. /job/lib.sh
modules sr_mod sd_mod nbd isofs loop
there /sys/block/sr0 /sys/block/sr1 /sys/block/sda

drive insert cd "$BAD_DISC"
# Which of the two drives it is in.
CD=/dev/sr0
dd if=/dev/sr0 of=/dev/null bs=2048 count=1 2>/dev/null || CD=/dev/sr1
dd if=/dev/zero of=/w/loop.img bs=1M count=2 2>/dev/null
losetup /dev/loop0 /w/loop.img
echo "$CD" >/out/cd
/job/blkcache detect --json >/out/detect || fail "detect"
/job/blkcache detect "$CD" >/out/detect.disc || fail "detect $CD"
losetup -d /dev/loop0

serve "$CD" --max-clients 1
await '"event":"ready"'
nbd-client -unix /w/socket /dev/nbd0 >/dev/null 2>&1 || fail "nbd-client"
mkdir /tmp/mount
mount -t iso9660 -o ro /dev/nbd0 /tmp/mount || fail "mount"
for path in /tmp/mount/*; do
  file=${path##*/}
  cat "$path" >"/w/read.$file" 2>/w/error
  echo "$file $? $(sed 's/.*: //' /w/error)" >>/out/read
done
umount /tmp/mount
# The run-out is tried as well.
for sector in $((DISC_SECTORS - 2)) $((DISC_SECTORS - 1)); do
  dd if=/dev/nbd0 of=/dev/null bs=2048 skip=$sector count=1 2>/dev/null && fail "run-out"
done
nbd-client -d /dev/nbd0 >/dev/null 2>&1
stop || fail "exit code $?"
keep
