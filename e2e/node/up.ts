import { existsSync, mkdirSync } from 'node:fs';
import { nodeImages } from '../images/catalogue.js';
import { importImage, startContainerd } from './containers.js';
import { startApiServer, startControllers, startEtcd } from './control-plane.js';
import { down } from './down.js';
import { nodeIsReady, startKubelet } from './kubelet.js';
import { makeNetwork, networkExists } from './network.js';
import { makePki } from './pki.js';
import { startPolicyAgent } from './policy-agent.js';
import { isRunning } from './processes.js';
import { nodePrograms, type Programs } from './programs.js';
import { whyNot } from './requirements.js';
import { startDns, startKubeProxy } from './services.js';
import { CONFIG, LOGS, RUN, STATE } from './settings.js';
import { saveSysctls } from './sysctls.js';

interface Step {
  readonly name: string;
  readonly run: (programs: Programs) => void | Promise<void>;
}

const STEPS: readonly Step[] = [
  { name: 'network namespace', run: makeNetwork },
  { name: 'certificates', run: makePki },
  { name: 'etcd', run: startEtcd },
  { name: 'API server', run: startApiServer },
  { name: 'controllers, scheduler', run: startControllers },
  { name: 'containerd', run: startContainerd },
  { name: 'images', run: () => nodeImages().forEach(importImage) },
  { name: 'kubelet', run: startKubelet },
  { name: 'node Ready', run: nodeIsReady },
  { name: 'kube-proxy', run: startKubeProxy },
  { name: 'network policies', run: startPolicyAgent },
  { name: 'DNS', run: startDns },
];

/** Starts the node, or leaves it as it is when it runs; `report` gets a line a step. Throws with the step, the reason and where the logs are. */
export async function up(report: (line: string) => void): Promise<void> {
  const problem = whyNot();
  if (problem !== undefined) throw new Error(`the node can't run on this machine: ${problem}`);
  const programs = nodePrograms();
  nodeImages();
  if (isRunning('kubelet') && isRunning('kube-apiserver') && isRunning('etcd') && isRunning('containerd')) {
    report('already up');
    return;
  }
  if ([STATE, RUN].some(folder => existsSync(folder)) || networkExists()) {
    report('removing what an earlier run left');
    await down(() => undefined);
  }
  for (const folder of [STATE, RUN, CONFIG, LOGS]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  saveSysctls();
  const start = Date.now();
  for (const step of STEPS) {
    try {
      await step.run(programs);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${step.name}: ${reason}\n  logs are in ${LOGS}; "e2e/cluster down" removes everything`);
    }
    report(`${((Date.now() - start) / 1000).toFixed(1).padStart(6)} s  ${step.name}`);
  }
}
