#!/usr/bin/env bash
# Fails when a program needs a newer glibc than README promises: glibc_floor.sh PROGRAM. Prints what it needs.
# The program looks up one more function when it runs, statx: glibc 2.28 has it.
set -euo pipefail
PROMISED=2.28
needed=$(readelf --version-info "$1" | grep -oE 'GLIBC_[0-9.]+' | cut -d_ -f2 | sort -uV | tail -n 1)
echo "$1 needs glibc ${needed:?"cannot be told"}"
[ "$(printf '%s\n' "$needed" "$PROMISED" | sort -V | tail -n 1)" = "$PROMISED" ] || {
  echo "that is newer than $PROMISED" >&2
  exit 1
}
