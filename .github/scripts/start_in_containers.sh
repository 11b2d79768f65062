#!/usr/bin/env bash
# Runs start_test.sh in clean containers of distributions of all ages: start_in_containers.sh PROGRAM.
set -euo pipefail
# The first three have glibc 2.28, 2.28 and 2.31: nothing older is promised.
IMAGES=(debian:10 almalinux:8 ubuntu:20.04 debian:13 fedora:43 opensuse/leap:15.6)
here=$(realpath "$(dirname "$0")")
for image in "${IMAGES[@]}"; do
  echo "== $image"
  docker run --rm --network none -v "$(realpath "$1"):/blkcache:ro" -v "$here/start_test.sh:/start_test.sh:ro" \
    "$image" sh /start_test.sh /blkcache
done
