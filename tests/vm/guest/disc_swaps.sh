# Discs are exchanged at random moments while clients read all the time, and while others open the drive.
. /job/lib.sh
modules sr_mod
there /sys/block/sr0

drive insert cd "$DISC_0"
serve /dev/sr0 --save-interval 0.5 --max-clients 1 --read-ahead 0
# A client, which comes back whenever it is cut off; the end of what it has got is kept.
count=0
while [ ! -e /w/over ]; do
  if copy /tmp/copy --request-size=32768 2>/dev/null || [ ! -e /tmp/copy ]; then
    usleep 1000000
  else
    count=$((count + 1))
    set -- $(du -k /tmp/copy)
    start=$(($1 > 1024 ? $1 - 1024 : 0))
    dd if=/tmp/copy of="/w/tail.$count.$start" bs=1024 skip=$start count=1024 2>/dev/null
  fi
  rm -f /tmp/copy
done &
CLIENTS=$!
# Somebody who opens the drive again and again.
while [ ! -e /w/over ]; do
  : </dev/sr0
  usleep 150000
done 2>/dev/null &
CLIENTS="$CLIENTS $!"

# A line of the plan: 1 to wait until the disc is read, milliseconds until it leaves, how, milliseconds
# until the next one comes, which.
READY=0 READS=0
# Where all has been read there is nothing left to read.
BUSY='"deviceReads":[1-9]\|"nonTried":0,'
while read -r wait settle how pause disc <&5; do
  if [ "$wait" = 1 ]; then
    await '"event":"ready"' $((READY + 1))
    await "$BUSY" $((READS + 1))
  fi
  usleep $((settle * 1000))
  READY=$(seen '"event":"ready"')
  case $how in
    pop) drive pop cd ;;
    # Whoever opens the drive shuts its tray, also before the disc has been taken out.
    out) until hostqmp out cd >/dev/null; do :; done ;;
  esac
  usleep $((pause * 1000))
  eval "drive insert cd \"\$DISC_$disc\""
  READS=$(seen "$BUSY")
done 5</out/plan
await '"event":"ready"' $((READY + 1))
touch /w/over
wait $CLIENTS
stop || fail "exit code $?"
keep
