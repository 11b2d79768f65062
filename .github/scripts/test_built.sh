#!/usr/bin/env bash
# Runs the tests of the program's outside on a built program, as root on a fresh Debian with Node:
# test_built.sh PROGRAM.
set -euo pipefail
cd "$(dirname "$0")/../.."
apt-get update -qq
# The same programs as in .ci/run.
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
  chromium dosfstools e2fsprogs exfatprogs fdisk fio fish fuse3 gcc gddrescue genisoimage groff-base libc6-dev \
  libnbd-bin linux-libc-dev mount nbd-client nbd-server nbdkit openssh-server procps python3 python3-libnbd qemu-utils strace tmux \
  zsh util-linux >/dev/null
mkdir -p dist
[ "$1" -ef dist/blkcache ] || install -m 755 "$1" dist/blkcache
# The program has to be of this commit.
npx -y deno@2.9.6 run -q -P .github/scripts/write_commit.ts
npx -y deno@2.9.6 task test-compiled
