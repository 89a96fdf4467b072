#!/usr/bin/env bash
# Installs what the node of the end-to-end tests takes from Debian: container runtime, network plugins, packet filters.
set -eu
missing=''
need() { [ -e "$1" ] || command -v "$1" > /dev/null || missing="$missing $2"; }
need containerd containerd
need ctr containerd
need runc runc
need /usr/lib/cni/bridge containernetworking-plugins
need iptables iptables
need nft nftables
need conntrack conntrack
need ip iproute2
need nsenter util-linux
need openssl openssl
need curl curl
need prometheus prometheus
[ -z "$missing" ] && exit 0
sudo=''
if [ "$(id -u)" != 0 ]; then
  sudo='sudo -n'
  # the run itself says what it leaves out then
  sudo -n true 2> /dev/null || exit 0
fi
command -v apt-get > /dev/null || {
  echo "the end-to-end tests need these Debian packages:$missing" >&2
  echo 'install the same from your distribution and put the programs into PATH' >&2
  exit 1
}
packages=$(tr ' ' '\n' <<< "$missing" | sort -u | tr '\n' ' ')
echo "installing:$packages" >&2
$sudo apt-get update -qq >&2
# shellcheck disable=SC2086 # one argument a package
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $packages > /dev/null
