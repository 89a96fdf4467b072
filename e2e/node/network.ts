import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, IN_NODE_NETWORK, run } from './processes.js';
import { HOST_ADDRESS, HOST_LINK, NETWORK_NAMESPACE, NODE_ADDRESS, POD_RANGE, RUN, SERVICE_RANGE } from './settings.js';

const NAMESPACES = '/run/netns';
/** `ip netns` mounts its folder at the first use: this says that the first use was ours. */
const MADE_MOUNT = join(RUN, 'made-netns-mount');

const isMounted = (folder: string): boolean => readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${folder} `);

/**
 * A network namespace for the node: its rules, addresses and connection tracking are its own and go with it.
 * There is no default route and no way to this machine's other interfaces, so pods reach pods, the node and this machine alone.
 */
export function makeNetwork(): void {
  if (!isMounted(NAMESPACES)) writeFileSync(MADE_MOUNT, '');
  const ip = (...words: string[]): string => run(['ip', ...words]);
  const inside = (...words: string[]): string => run(['ip', '-n', NETWORK_NAMESPACE, ...words]);
  ip('netns', 'add', NETWORK_NAMESPACE);
  ip('link', 'add', HOST_LINK, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', NETWORK_NAMESPACE);
  ip('addr', 'add', `${HOST_ADDRESS}/30`, 'dev', HOST_LINK);
  ip('link', 'set', HOST_LINK, 'up');
  inside('link', 'set', 'lo', 'up');
  inside('addr', 'add', `${NODE_ADDRESS}/30`, 'dev', 'eth0');
  inside('link', 'set', 'eth0', 'up');
  // without a route a connect to a ClusterIP fails before the rule that translates it
  inside('route', 'add', SERVICE_RANGE, 'via', HOST_ADDRESS, 'dev', 'eth0');
  for (const range of [POD_RANGE, SERVICE_RANGE]) ip('route', 'add', range, 'via', NODE_ADDRESS, 'dev', HOST_LINK);
  // IPv6 stays off: the stand-in for a network plugin filters IPv4 alone
  // the kernel limits how often it says that something is prohibited, and tests ask often
  const settings = ['net.ipv4.ip_forward=1', 'net.bridge.bridge-nf-call-iptables=1', 'net.ipv4.icmp_ratemask=0'];
  const noIpv6 = ['net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'];
  attempt(['modprobe', 'br_netfilter']);
  for (const setting of settings) run([...IN_NODE_NETWORK, 'sysctl', '-qw', setting]);
  for (const setting of noIpv6) attempt([...IN_NODE_NETWORK, 'sysctl', '-qw', setting]);
  // that route leads back to this machine: a packet that no rule translated must not leave the node
  run([...IN_NODE_NETWORK, 'nft', '-f', '-'], {
    input: `table inet e2e_guard {
      chain leaving { type filter hook postrouting priority 300; policy accept; oifname "eth0" ip daddr ${SERVICE_RANGE} drop; }
    }`,
  });
}

/** The routes go with the link, and everything inside goes with the namespace. */
export function removeNetwork(): void {
  if (existsSync(`/sys/class/net/${HOST_LINK}`)) attempt(['ip', 'link', 'del', HOST_LINK]);
  if (networkExists()) attempt(['ip', 'netns', 'del', NETWORK_NAMESPACE]);
  if (existsSync(MADE_MOUNT) && existsSync(NAMESPACES) && readdirSync(NAMESPACES).length === 0) attempt(['umount', NAMESPACES]);
}

export function networkExists(): boolean {
  return existsSync(`/run/netns/${NETWORK_NAMESPACE}`);
}
