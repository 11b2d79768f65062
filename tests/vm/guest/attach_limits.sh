# `serve --attach` with few descriptors and few threads: the device is attached and goes again, or the program refuses
# to start with one sentence.
. /job/lib.sh
modules sd_mod nbd
there /sys/block/sda /sys/block/nbd0
mount -t cgroup2 cgroup /sys/fs/cgroup || fail "there is no cgroup2"
echo +pids >/sys/fs/cgroup/cgroup.subtree_control || fail "no limit of threads"
mkdir /sys/fs/cgroup/few
REFUSED='^blkcache: error: .*\(limit of file descriptors is [0-9]* too low\|too few threads\)'

# attached LIMITER: a shell that `LIMITER` has been given to becomes `serve --attach`. Whether the device was attached;
# else the program has refused.
attached() {
  rm -f /w/disk.img* /out/said && : >/out/events
  sh -c "$1; exec /job/blkcache serve /dev/sda disk.img --attach /dev/nbd0 --json --socket /w/socket" \
    >>/out/events 2>/out/said &
  SERVER=$!
  tenths=0
  until grep -q '"event":"info".*/dev/nbd0' /out/events; do
    if ! kill -0 $SERVER 2>/dev/null; then
      wait $SERVER
      [ $? = 1 ] || fail "$1: exit code $?"
      grep -q "$REFUSED" /out/said || fail "$1: no sentence: $(cat /out/said)"
      [ -e /sys/block/nbd0/pid ] && fail "$1: the device is still attached"
      return 1
    fi
    tenths=$((tenths + 3))
    [ $tenths -gt $PATIENCE ] && fail "$1: nothing happens"
    usleep 300000
  done
  cmp /dev/sda /dev/nbd0 || fail "$1: the device differs"
  stop INT || fail "$1: exit code $?"
  [ -e /sys/block/nbd0/pid ] && fail "$1: the device is still attached"
  return 0
}

for limit in 40 84 128; do
  attached "ulimit -n $limit" && echo "$limit yes" >>/out/descriptors || echo "$limit no" >>/out/descriptors
done
for limit in 8 16 40; do
  attached "echo $limit >/sys/fs/cgroup/few/pids.max; echo \$\$ >/sys/fs/cgroup/few/cgroup.procs" &&
    echo "$limit yes" >>/out/threads || echo "$limit no" >>/out/threads
done
