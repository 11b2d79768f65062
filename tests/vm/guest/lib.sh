# What the scripts in the guest share. They run as root, by busybox; /job is read-only, /out is the host's.
# The program's events go to /out/events (JSON lines), what it says to /out/said; its files lie in /w.

mkdir -p /w /tmp/out
cd /w || exit 1
touch /out/events /out/said
# Code that lies where it lay in the last process has been translated already: a start takes half as long.
echo 0 >/proc/sys/kernel/randomize_va_space
URI='nbd+unix:///?socket=/w/socket'
# The host may be slow: nothing that is waited for takes longer, tenths of a second.
PATIENCE=1200

# serve ARGS...: starts the program and waits until it has said something.
serve() {
  : >>/out/events # whoever looks for an event may be faster than the program
  /job/blkcache serve "$@" --json --socket /w/socket >>/out/events 2>>/out/said &
  SERVER=$!
}

# fail WORDS...: shows what there is to see, and ends the machine.
fail() {
  echo "FAILED: $*"
  grep -v '"event":"progress"' /out/events
  cat /out/said
  keep
  exit 1
}

# seen PATTERN: how many events match it.
seen() { grep -c -e "$1" /out/events; }

# await PATTERN [COUNT]: waits until so many events (default 1) match it.
await() {
  tenths=0
  while [ "$(seen "$1")" -lt "${2:-1}" ]; do
    tenths=$((tenths + 3)) # looking costs the emulated machine something
    [ $tenths -gt $PATIENCE ] && fail "no event like $1, ${2:-1} times"
    kill -0 "$SERVER" 2>/dev/null || [ "$(seen "$1")" -ge "${2:-1}" ] || fail "the program has ended, without $1"
    usleep 300000
  done
}

# copy FILE OPTIONS...: everything that is served, through one connection (each more is a thread to start).
copy() {
  to=$1
  shift
  nbdcopy --connections=1 "$@" "$URI" "$to"
}

# stop [SIGNAL]: ends the program; its exit code is in $?.
stop() {
  kill -"${1:-TERM}" "$SERVER"
  wait "$SERVER"
}

# keep: hands all files to the host. cp would do so in pieces of 4 KiB, each of which takes as long as a large one.
keep() {
  for path in /w/*; do
    [ -f "$path" ] && dd if="$path" of="/out/${path##*/}" bs=262144 2>/dev/null
  done
}

# drive VERB ARGS...: what happens to the CD drive; a failure of the host's is the test's.
drive() { hostqmp "$@" >/tmp/hostqmp || fail "hostqmp $*: $(cat /tmp/hostqmp)"; }

# there PATH...: waits until all of them exist.
there() {
  for path in "$@"; do
    tenths=0
    until [ -e "$path" ]; do
      tenths=$((tenths + 1))
      [ $tenths -gt $PATIENCE ] && fail "there is no $path"
      usleep 100000
    done
  done
}

# modules NAME...: loads drivers.
modules() { for module in virtio_scsi "$@"; do modprobe "$module"; done; }
