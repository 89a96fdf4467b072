import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InForce } from '../agent/main.js';
import { isRunning, run, start, until } from './processes.js';
import type { Programs } from './programs.js';
import { CONFIG, KUBECONFIG, POD_RANGE_OF_NODE, ROOT, RUN } from './settings.js';

const IN_FORCE = join(RUN, 'policies-in-force.json');

/** Starts the agent that enforces NetworkPolicies, with a right to read what they depend on and nothing else. */
export async function startPolicyAgent(programs: Programs): Promise<void> {
  run([programs.kubectl, `--kubeconfig=${KUBECONFIG}`, 'apply', '-f', '-'], { input: JSON.stringify(RIGHTS) });
  const program = join(ROOT, 'build', 'e2e', 'agent', 'main.js');
  start('policy-agent', [process.execPath, program, join(CONFIG, 'policy-agent.kubeconfig'), POD_RANGE_OF_NODE, IN_FORCE]);
  await until('network policies are enforced', 30, () => {
    if (!isRunning('policy-agent')) throw new Error('policy-agent ended while it was starting');
    return inForce() !== undefined;
  });
}

/** What the rules in force were made from; undefined before the first ones. */
export function inForce(): InForce | undefined {
  return existsSync(IN_FORCE) ? (JSON.parse(readFileSync(IN_FORCE, 'utf8')) as InForce) : undefined;
}

const READ = ['get', 'list', 'watch'];
const RIGHTS = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'e2e-policy-agent' },
      rules: [
        { apiGroups: [''], resources: ['pods', 'namespaces'], verbs: READ },
        { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: READ },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'e2e-policy-agent' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'e2e-policy-agent' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'e2e-policy-agent' }],
    },
  ],
};
