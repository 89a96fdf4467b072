#!/usr/bin/env bash
# Installs the tools of the tests that no npm package carries: promtool, amtool and Chromium, from Debian's packages
# "prometheus", "prometheus-alertmanager" and "chromium", the blackbox exporter, and Helm 3 and 4, built from their Go modules into a cache outside of the tree unless they are on PATH.
set -eu
cd "$(dirname "$0")/.."

# program, package
install() {
  command -v "$1" > /dev/null && return
  command -v apt-get > /dev/null || return 0
  local sudo=''
  if [ "$(id -u)" != 0 ]; then sudo='sudo -n'; fi
  echo "installing $1 (package $2)" >&2
  if [ -z "${updated:-}" ]; then $sudo apt-get update -qq >&2; fi
  updated=1
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$2" > /dev/null
}

install promtool prometheus
command -v promtool > /dev/null || {
  echo 'promtool is missing: the tests of the alert rules need it; install Prometheus 2.42 or later and put promtool into PATH' >&2
  exit 1
}
# program, package, what needs it: without it those tests say that they are skipped; CI skips none
wanted() {
  install "$1" "$2" || true
  command -v "$1" > /dev/null && return
  echo "$1 is missing: the tests of $3 need it on PATH" >&2
  [ -z "${CI:-}" ]
}
wanted amtool prometheus-alertmanager 'the inhibition rules'
wanted prometheus-blackbox-exporter prometheus-blackbox-exporter 'the exporter settings'
wanted chromium chromium 'the report'
node e2e/tools/build.mjs helm3 helm4 > /dev/null || {
  # without them the tests of the chart say that they are skipped; CI skips none
  echo 'Helm is missing: the tests of the chart need Helm 3 and 4 on PATH, or Go 1.26 to build them' >&2
  [ -z "${CI:-}" ]
}
