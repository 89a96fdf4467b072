#!/usr/bin/env bash
# Installs the tools of the tests that no npm package carries: promtool, from Debian's package "prometheus", and
# Helm 3 and 4, built from their Go modules into a cache outside of the tree unless they are on PATH.
set -eu
cd "$(dirname "$0")/.."
if ! command -v promtool > /dev/null; then
  sudo=''
  if [ "$(id -u)" != 0 ]; then sudo='sudo -n'; fi
  if command -v apt-get > /dev/null; then
    echo 'installing promtool (package prometheus)' >&2
    $sudo apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends prometheus > /dev/null
  fi
fi
command -v promtool > /dev/null || {
  echo 'promtool is missing: the tests of the alert rules need it; install Prometheus 2.42 or later and put promtool into PATH' >&2
  exit 1
}
node e2e/tools/build.mjs helm3 helm4 > /dev/null || {
  # without them the tests of the chart say that they are skipped; CI skips none
  echo 'Helm is missing: the tests of the chart need Helm 3 and 4 on PATH, or Go 1.26 to build them' >&2
  [ -z "${CI:-}" ]
}
