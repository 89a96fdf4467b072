#!/usr/bin/env bash
# Installs the one tool of the tests that no npm package carries: promtool, from Debian's package "prometheus".
set -eu
command -v promtool > /dev/null && exit 0
sudo=''
if [ "$(id -u)" != 0 ]; then sudo='sudo -n'; fi
if command -v apt-get > /dev/null; then
  echo 'installing promtool (package prometheus)' >&2
  $sudo apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends prometheus > /dev/null
fi
command -v promtool > /dev/null || {
  echo 'promtool is missing: the tests of the alert rules need it; install Prometheus 2.42 or later and put promtool into PATH' >&2
  exit 1
}
