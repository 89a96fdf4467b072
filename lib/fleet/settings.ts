import type { Path } from './issue.js';
import type { CertificateSettings, Environment, Fleet, KeySettings, Service } from './types.js';

/** A value together with the place where somebody wrote it; no path: it is a default. */
export interface Setting<T> {
  readonly value: T;
  readonly path: Path | undefined;
}

interface Layer {
  readonly settings: CertificateSettings;
  readonly path: Path;
}

/** The settings of one service's certificate in one environment, nearest first. */
export class CertificateLayers {
  private readonly layers: readonly Layer[];

  constructor(fleet: Fleet, environment: string, env: Environment, name: string, service: Service) {
    const candidates: readonly (readonly [CertificateSettings | undefined, Path])[] = [
      [env.services?.[name]?.certificate, ['environments', environment, 'services', name, 'certificate']],
      [service.certificate, ['services', name, 'certificate']],
      [env.certificates, ['environments', environment, 'certificates']],
      [fleet.certificates, ['certificates']],
    ];
    this.layers = candidates.flatMap(([settings, path]) => (settings === undefined ? [] : [{ settings, path }]));
  }

  get<K extends keyof CertificateSettings>(field: K): Setting<NonNullable<CertificateSettings[K]>> | undefined {
    for (const { settings, path } of this.layers) {
      const value = settings[field];
      if (value !== undefined) return { value: value as NonNullable<CertificateSettings[K]>, path: [...path, field] };
    }
    return undefined;
  }

  /** The nearest of `renewBefore` and `renewBeforePercentage`: one written for a service beats the other written for all. */
  renewal(): { readonly before?: Setting<string>; readonly percentage?: Setting<number> } {
    for (const { settings, path } of this.layers) {
      const { renewBefore, renewBeforePercentage } = settings;
      if (renewBefore !== undefined) return { before: { value: renewBefore, path: [...path, 'renewBefore'] } };
      if (renewBeforePercentage !== undefined)
        return { percentage: { value: renewBeforePercentage, path: [...path, 'renewBeforePercentage'] } };
    }
    return {};
  }

  key<K extends keyof KeySettings>(field: K): Setting<NonNullable<KeySettings[K]>> | undefined {
    for (const { settings, path } of this.layers) {
      const value = settings.key?.[field];
      if (value !== undefined) return { value: value as NonNullable<KeySettings[K]>, path: [...path, 'key', field] };
    }
    return undefined;
  }
}

export const DEFAULTS = {
  clusterDomain: 'cluster.local',
  team: 'platform',
  certPath: '/etc/sentinel/certs',
  certManagerNamespace: 'cert-manager',
  duration: '2160h',
  /** 360h: the guide's 15 days; a third of the lifetime where that is less, as cert-manager itself does. */
  renewBeforeSeconds: 360 * 3600,
  rootDuration: '87600h',
  intermediateDuration: '17520h',
  caRsaSize: 4096,
  sizes: { RSA: 2048, ECDSA: 256, Ed25519: undefined },
} as const;
