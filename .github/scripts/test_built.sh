#!/usr/bin/env bash
# Runs the tests of the program's outside on a built program, as root on a fresh Debian with Node:
# test_built.sh PROGRAM.
set -euo pipefail
cd "$(dirname "$0")/../.."
tests/install_packages.sh >/dev/null
mkdir -p dist
[ "$1" -ef dist/blkcache ] || install -m 755 "$1" dist/blkcache
# The program has to be of this commit.
npx -y deno@2.9.6 run -q -P .github/scripts/write_commit.ts
npx -y deno@2.9.6 task test-compiled
