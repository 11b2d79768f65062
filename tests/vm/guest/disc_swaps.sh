# Discs are exchanged at random moments while clients read all the time, and while others open the drive.
. /job/lib.sh
modules sr_mod
there /sys/block/sr0

# random LIMIT: a number below LIMIT, the same ones for the same SEED.
random() {
  SEED=$(((SEED * 1103515245 + 12345) % 2147483648))
  echo $((SEED / 65536 % $1))
}

eval "drive insert cd \"\$DISC_0\""
serve /dev/sr0 --save-interval 0.5 --max-clients 1 --read-ahead 0
# A client, which comes back whenever it is cut off; and somebody who opens the drive again and again.
while [ ! -e /w/over ]; do
  copy null: --request-size=32768 2>/dev/null || usleep 200000
done &
CLIENTS=$!
while [ ! -e /w/over ]; do
  : </dev/sr0
  usleep 50000
done 2>/dev/null &
CLIENTS="$CLIENTS $!"

count=0
while [ $count -lt "$SWAPS" ]; do
  count=$((count + 1))
  # Mostly in the middle of the reading, now and then while the next disc is being looked at.
  if [ "$(random 4)" -gt 0 ]; then
    await '"event":"ready"' "$((READY + 1))"
    await '"deviceReads":[1-9]' "$((READS + 1))"
  fi
  usleep $(($(random 1500) * 1000))
  READY=$(seen '"event":"ready"')
  disc=$(random 3)
  case $(random 3) in
    0) drive pop cd; usleep $(($(random 500) * 1000)) ;;
    1) drive out cd ;;
  esac
  eval "drive insert cd \"\$DISC_$disc\""
  READS=$(seen '"deviceReads":[1-9]')
done
await '"event":"ready"' "$((READY + 1))"
touch /w/over
wait $CLIENTS
stop || fail "exit code $?"
keep
