# The program in a folder of its own, by its default settings and with an empty environment.
. /job/lib.sh
modules sr_mod
there /sys/block/sr0
drive insert cd "$DISC"
mkdir /alone
cp /job/blkcache /alone
cd /alone
env -i ./blkcache serve /dev/sr0 >/out/said 2>&1 &
SERVER=$!
tenths=0
until grep -q '^ready nbd+unix:///?socket=/run/blkcache/sr0.sock' /out/said; do
  tenths=$((tenths + 1))
  [ $tenths -gt $PATIENCE ] && fail "not ready"
  usleep 100000
done
nbdcopy --connections=1 'nbd+unix:///?socket=/run/blkcache/sr0.sock' /w/copy || fail "copy"
stop || fail "exit code $?"
[ "$(ls | sed 's/sr0-[0-9a-f]*/sr0-ID/' | xargs)" = "blkcache sr0-ID.img sr0-ID.img.json sr0-ID.img.map sr0-ID.img.map.bak" ] || fail "files: $(ls)"
keep
