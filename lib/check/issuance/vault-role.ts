import type { Plan } from '../../fleet/plan.js';
import { isRecord } from '../../objects/index.js';

/** `vault/role.json` of an environment. */
export interface VaultRoleFile {
  readonly file: string;
  readonly text: string;
}

export interface VaultFinding {
  readonly kind: 'extra' | 'missing';
  /** The name that Vault signs, or does not sign. */
  readonly name: string;
  readonly field: string;
  readonly line: number;
}

/** Switches that let a role sign names beyond its lists, with the value that keeps it to them. */
const SWITCHES: Readonly<Record<string, boolean>> = {
  allow_any_name: false,
  allow_localhost: false,
  allow_subdomains: false,
  enforce_hostnames: true,
};

/** Names that a Vault role signs for whoever may use it, against those that the fleet declares. */
export function vaultFindings({ text }: VaultRoleFile, plan: Plan): readonly VaultFinding[] | { readonly problem: string } {
  const role = parse(text);
  if (!role) return { problem: 'is no JSON object' };
  const certificates = plan.services.map(({ certificate }) => certificate);
  const commonNames = certificates.flatMap(({ commonName }) => commonName ?? []);
  const lists: readonly (readonly [field: string, declared: readonly string[]])[] = [
    ['allowed_uri_sans', certificates.flatMap(({ uris }) => uris)],
    ['allowed_domains', [...certificates.flatMap(({ dnsNames }) => dnsNames), ...commonNames]],
  ];
  const lineOf = (needle: string): number => Math.max(1, text.slice(0, Math.max(0, text.indexOf(needle))).split('\n').length);
  const finding = (kind: VaultFinding['kind'], field: string, name: string): VaultFinding => ({
    kind,
    field,
    name,
    line: lineOf(kind === 'extra' && text.includes(JSON.stringify(name)) ? JSON.stringify(name) : `"${field}"`),
  });
  return [
    ...Object.entries(SWITCHES).flatMap(([field, safe]) =>
      (role[field] ?? field === 'enforce_hostnames') === safe ? [] : [finding('extra', field, `${field}: ${String(role[field])}`)],
    ),
    ...lists.flatMap(([field, declared]) => {
      const found = textsOf(role[field]);
      return [
        ...found.filter(name => !declared.includes(name)).map(name => finding('extra', field, name)),
        ...[...new Set(declared)].filter(name => !found.includes(name)).map(name => finding('missing', field, name)),
      ];
    }),
  ];
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Vault takes a list, or one text with commas. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(',').map(text => text.trim());
  return Array.isArray(value) ? value.filter(text => typeof text === 'string') : [];
}
