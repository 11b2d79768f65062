#!/usr/bin/env bash
# Runs a command in the checkout as root on a fresh Debian 12 with Node, where loop devices and mounts can be
# made: in_debian.sh COMMAND... Ubuntu, which the runners have, lacks some programs that the tests need.
set -euo pipefail
IMAGE=node:20-bookworm@sha256:8f693eaa7e0a8e71560c9a82b55fd54c2ae920a2ba5d2cde28bac7d1c01c9ba5
cd "$(dirname "$0")/../.."
# The container's own /tmp would be an overlay, where not all that is tested works.
docker run --rm --init --privileged --volume /dev:/dev --volume "$PWD:/src" --volume "$(mktemp -d):/tmp" \
  --workdir /src --env CI=true --env NO_COLOR=1 "$IMAGE" "$@"
