import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from './claim.js';
import { attempt, start, stop, until } from './node/processes.js';
import { NODE_ADDRESS, STATE } from './node/settings.js';

const ADDRESS = `${NODE_ADDRESS}:9090`;

export interface Alert {
  readonly state: 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** Debian's Prometheus on the node, with cert-manager's metrics as its ServiceMonitor has them scraped: honorLabels is on. */
export class Prometheus {
  constructor(private readonly context: Context) {}

  async start(rules: string): Promise<void> {
    const folder = join(STATE, 'prometheus');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'rules.yaml'), rules);
    writeFileSync(join(folder, 'prometheus.json'), JSON.stringify(this.#settings()));
    const settings = `--config.file=${join(folder, 'prometheus.json')}`;
    start('prometheus', ['prometheus', settings, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${ADDRESS}`]);
    await until('Prometheus is ready', 60, () => attempt(['curl', '-sf', `http://${ADDRESS}/-/ready`]).ok);
  }

  async query(expression: string): Promise<Sample[]> {
    return ((await this.#get(`query?query=${encodeURIComponent(expression)}`)) as { result: Sample[] }).result;
  }

  async alerts(): Promise<Alert[]> {
    return ((await this.#get('alerts')) as { alerts: Alert[] }).alerts;
  }

  stop(): Promise<void> {
    return stop('prometheus');
  }

  async #get(path: string): Promise<unknown> {
    const answer = await fetch(`http://${ADDRESS}/api/v1/${path}`);
    if (!answer.ok) throw new Error(`Prometheus: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { data: unknown }).data;
  }

  #settings(): object {
    const address: string = this.context.kubectl.get('service', 'cert-manager', 'cert-manager')?.spec.clusterIP;
    return {
      global: { scrape_interval: '5s', evaluation_interval: '15s' },
      rule_files: ['rules.yaml'],
      scrape_configs: [
        {
          job_name: 'cert-manager',
          honor_labels: true,
          static_configs: [{ targets: [`${address}:9402`], labels: { namespace: 'cert-manager' } }],
        },
      ],
    };
  }
}
