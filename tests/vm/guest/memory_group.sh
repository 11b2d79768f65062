# A limit of memory by a control group of the second version, as systemd sets one: what is said of it, and that a whole
# copy fits into the least that is promised.
. /job/lib.sh
modules sd_mod
there /sys/block/sda
GROUPS_ROOT=/sys/fs/cgroup
mount -t cgroup2 cgroup $GROUPS_ROOT || fail "there is no cgroup2"
echo +memory >$GROUPS_ROOT/cgroup.subtree_control || fail "no limit of memory"

# within LIMIT ARGS...: `serve` in a group of its own that may have so much memory.
within() {
  group=$GROUPS_ROOT/$1
  mkdir "$group" && echo "$1" >"$group/memory.max" || fail "the group of $1"
  shift
  : >>/out/events
  sh -c "echo \$\$ >$group/cgroup.procs && exec /job/blkcache serve $* --json --socket /w/socket" >>/out/events 2>>/out/said &
  SERVER=$!
}

# killed: how many processes of the group the kernel has ended.
killed() { sed -n 's/^oom_kill //p' "$group/memory.events"; }

within 96M /dev/sda disk.img --fill
await '"event":"ready"'
copy /w/copy || fail "copy"
stop || fail "exit code $?"
[ "$(killed)" = 0 ] || fail "the kernel has ended it"
[ "$(seen 'of memory for blkcache')" = 0 ] || fail "it speaks of 96 MiB, which are enough"

within 90M /dev/sda disk.img
await 'there are 90 MiB of memory for blkcache, and it needs 96 MiB'
await '"event":"ready"' 2
stop || fail "exit code $?"
keep
