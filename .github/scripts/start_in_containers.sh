#!/usr/bin/env bash
# Runs start_test.sh in clean containers of distributions of all ages: start_in_containers.sh PROGRAM.
set -euo pipefail
# The first three have glibc 2.28, 2.28 and 2.31: nothing older is promised. Docker goes by the digest, which is
# the index of all architectures; the tag tells a reader what it is.
IMAGES=(
  debian:10@sha256:58ce6f1271ae1c8a2006ff7d3e54e9874d839f573d8009c20154ad0f2fb0a225
  almalinux:8@sha256:9f355ae942d6a6c0561f0771dc053a2cfae9580fc45fa4252756db7c7e80c09f
  ubuntu:20.04@sha256:8feb4d8ca5354def3d8fce243717141ce31e2c428701f6682bd2fafe15388214
  debian:13@sha256:fac46bff2e02f51425b6e33b0e1169f55dfb053d83511ca28aa50c09fd5ed7a4
  fedora:43@sha256:6cd815d862109208adf6040ea13391fe6aeb87a9dc80735c2ab07083fdf5e03a
  opensuse/leap:15.6@sha256:79be7751205ea84559990fb76b1bec71e38d6fad41c70a4f6c921b803b58f421
)
here=$(realpath "$(dirname "$0")")
for image in "${IMAGES[@]}"; do
  echo "== $image"
  docker run --rm --network none -v "$(realpath "$1"):/blkcache:ro" -v "$here/start_test.sh:/start_test.sh:ro" \
    "$image" sh /start_test.sh /blkcache
done
