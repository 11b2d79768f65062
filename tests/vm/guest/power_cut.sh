# Fills an image on a disk with a journalling file system while a client reads here and there, until the power
# fails; with TASK=finish, to the end.
. /job/lib.sh
modules sd_mod crc32c_generic ext4 nbd
there /dev/sda /dev/sdb
SOURCE=/dev/sda DISK=/dev/sdb
[ "$(cat /sys/block/sda/size)" = "$SOURCE_SECTORS" ] || SOURCE=/dev/sdb DISK=/dev/sda
mkdir /disk
mount -t ext4 $DISK /disk || fail "mount"
cd /disk
touch /out/mounted

if [ "$TASK" = finish ]; then
  serve $SOURCE rescue.img --fill --exit-when-complete --max-clients 1
  wait "$SERVER" || fail "exit code $?"
  cd /
  umount /disk || fail "umount"
  exit 0
fi

serve $SOURCE rescue.img --fill --save-interval 0.1 --max-clients 1
await '"event":"ready"'
nbd-client -unix /w/socket /dev/nbd0 >/dev/null 2>&1 || fail "nbd-client"
at=1
while kill -0 "$SERVER"; do
  at=$(((at * 1103515245 + 12345) % 2147483648))
  dd if=/dev/nbd0 of=/dev/null bs=16384 count=1 skip=$((at / 8 % (SOURCE_SECTORS / 32))) 2>/dev/null
done
fail "the program has ended"
