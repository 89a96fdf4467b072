import type { Plan } from '../../../lib/fleet/plan';
import type { KubernetesObject } from '../../../lib/objects';
import type { Yaml } from './_oracle-network';

/**
 * Who obtains which name from the fleet's signer, request by request: written without a look at lib/check/issuance.
 * Names and requests that are tried are given, so that two states are asked the same.
 */
export interface Questions {
  readonly namespaces: readonly string[];
  readonly certificates: readonly string[];
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
}

/** Everything that is declared, and whatever else two states write. */
export function questionsOf(plan: Plan, states: readonly (readonly KubernetesObject[])[]): Questions {
  const policies = states.flat().filter(({ kind }) => kind === 'CertificateRequestPolicy') as readonly Yaml[];
  const written = (field: string): string[] =>
    policies.flatMap(policy => policy.spec?.allowed?.[field]?.values ?? []).filter((value: unknown) => typeof value === 'string');
  const rules = [...JSON.stringify(policies).matchAll(/\^([a-z0-9.[\]-]+?)-\[0-9\]\+\$/g)].map(([, name = '']) =>
    name.replaceAll('[.]', '.'),
  );
  const names = policies.flatMap(policy => policy.spec?.selector?.namespace?.matchNames ?? []);
  const bindings = states
    .flat()
    .filter(({ kind }) => kind === 'RoleBinding')
    .flatMap(({ metadata }) => metadata.namespace ?? []);
  const concrete = (value: string): string => value.replaceAll('*', 'x');
  return {
    namespaces: [...new Set([...plan.namespaces, ...names.map(concrete), ...bindings, 'elsewhere'])],
    certificates: [...new Set([...plan.services.map(({ certificate }) => certificate.secretName), ...rules, 'stranger'])],
    uris: [...new Set([...plan.services.map(({ spiffeId }) => spiffeId), ...written('uris').map(concrete), 'spiffe://nobody.invalid/x'])],
    dnsNames: [
      ...new Set([
        ...plan.services.flatMap(({ certificate }) => certificate.dnsNames),
        ...written('dnsNames').map(concrete),
        'nobody.invalid',
      ]),
    ],
  };
}

export function issuanceRelation(objects: readonly KubernetesObject[], plan: Plan, questions: Questions): ReadonlySet<string> {
  const obtained = new Set<string>();
  if (!plan.issuance) return obtained;
  const policies = (
    objects.filter(
      ({ kind, apiVersion }) => kind === 'CertificateRequestPolicy' && apiVersion.startsWith('policy.cert-manager.io/'),
    ) as readonly Yaml[]
  ).filter(policy => selectsIssuer(policy, plan));
  for (const policy of policies) {
    for (const namespace of questions.namespaces) {
      if (!selectsNamespace(policy, namespace)) continue;
      for (const subject of usersOf(objects, policy.metadata.name, namespace)) {
        if (subject !== `${plan.certManagerNamespace}/cert-manager`) {
          obtained.add(`${subject} uses ${policy.metadata.name} in ${namespace}`);
          continue;
        }
        for (const certificate of questions.certificates)
          for (const name of namesFor(policy, namespace, certificate, questions))
            obtained.add(`${namespace}/${certificate} obtains ${name}`);
      }
    }
  }
  for (const service of plan.services) if (isApproved(objects, plan, policies, service)) obtained.add(`${service.name} obtains its own`);
  return obtained;
}

function namesFor(policy: Yaml, namespace: string, certificate: string, { uris, dnsNames }: Questions): readonly string[] {
  const allowed = policy.spec?.allowed ?? {};
  const at = { name: `${certificate}-1`, namespace };
  const passing = (field: string, values: readonly string[]): string[] => values.filter(value => passes(allowed[field], value, at));
  const [fittingUris, fittingNames] = [passing('uris', uris), passing('dnsNames', dnsNames)];
  if (allowed.uris?.required && fittingUris.length === 0) return [];
  if (allowed.dnsNames?.required && fittingNames.length === 0) return [];
  if (allowed.commonName?.required && !passes(allowed.commonName, String(allowed.commonName.value ?? 'x').replaceAll('*', 'x'), at))
    return [];
  return [...fittingUris, ...fittingNames];
}

function passes(allowed: Yaml, value: string, at: { readonly name: string; readonly namespace: string }): boolean {
  if (!allowed) return false;
  const patterns: string[] | undefined = allowed.value === undefined ? allowed.values : [allowed.value];
  const rules: Yaml[] = allowed.validations ?? [];
  if (patterns === undefined && rules.length === 0) return false;
  if (
    patterns !== undefined &&
    !patterns.some(pattern =>
      new RegExp(
        `^${pattern
          .split('*')
          .map(part => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
          .join('.*')}$`,
      ).test(value),
    )
  )
    return false;
  return rules.every(({ rule }) => holds(String(rule), value, at));
}

/** The three rules that are ever rendered; a text that is none of them is a rule that approver-policy can't compile. */
function holds(rule: string, self: string, at: { readonly name: string; readonly namespace: string }): boolean {
  const matches = /^cr\.name\.matches\('(.*)'\)$/.exec(rule);
  if (matches) return new RegExp(matches[1] ?? '').test(at.name);
  const within = /^self in \[(.*)\]$/.exec(rule);
  if (within) return (within[1] ?? '').split(', ').includes(`'${self}'`);
  const outside = /^!\(cr\.namespace in \[(.*)\]\)$/.exec(rule);
  if (outside) return !(outside[1] ?? '').split(', ').includes(`'${at.namespace}'`);
  return false;
}

const glob = (pattern: unknown, text: string): boolean =>
  pattern === undefined ||
  pattern === '' ||
  new RegExp(
    `^${String(pattern)
      .split('*')
      .map(part => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  ).test(text);

const selectsIssuer = ({ spec }: Yaml, { authority }: Plan): boolean =>
  (['name', 'kind', 'group'] as const).every(part => glob(spec?.selector?.issuerRef?.[part], authority.issuerRef[part]));

function selectsNamespace({ spec }: Yaml, namespace: string): boolean {
  const names: string[] = spec?.selector?.namespace?.matchNames ?? [];
  const labels = Object.entries(spec?.selector?.namespace?.matchLabels ?? {});
  return (
    (names.length === 0 || names.some(name => glob(name, namespace))) &&
    labels.every(([key, value]) => key === 'kubernetes.io/metadata.name' && value === namespace)
  );
}

/** ServiceAccounts as `namespace/name`, others as `kind name`. */
function usersOf(objects: readonly KubernetesObject[], policy: string, namespace: string): ReadonlySet<string> {
  const users = new Set<string>();
  const rbac = objects.filter(({ apiVersion }) => apiVersion.startsWith('rbac.authorization.k8s.io/')) as readonly Yaml[];
  for (const binding of rbac) {
    if (binding.kind !== 'ClusterRoleBinding' && !(binding.kind === 'RoleBinding' && binding.metadata.namespace === namespace)) continue;
    if (binding.roleRef?.apiGroup !== 'rbac.authorization.k8s.io') continue;
    const role = rbac.find(
      each =>
        each.kind === binding.roleRef?.kind &&
        each.metadata.name === binding.roleRef?.name &&
        each.metadata.namespace === (each.kind === 'Role' ? binding.metadata.namespace : undefined),
    );
    if (!role || (binding.kind === 'ClusterRoleBinding' && role.kind === 'Role')) continue;
    const has = (list: unknown, wanted: string): boolean => Array.isArray(list) && (list.includes(wanted) || list.includes('*'));
    const may = (role.rules ?? []).some(
      (rule: Yaml) =>
        has(rule?.apiGroups, 'policy.cert-manager.io') &&
        has(rule?.resources, 'certificaterequestpolicies') &&
        has(rule?.verbs, 'use') &&
        (!rule?.resourceNames?.length || rule.resourceNames.includes(policy)),
    );
    if (!may) continue;
    for (const subject of binding.subjects ?? []) {
      if (subject.kind === 'ServiceAccount') users.add(`${subject.namespace ?? binding.metadata.namespace}/${subject.name}`);
      else users.add(`${subject.kind} ${subject.name}`);
    }
  }
  return users;
}

function isApproved(
  objects: readonly KubernetesObject[],
  plan: Plan,
  policies: readonly Yaml[],
  service: Plan['services'][number],
): boolean {
  const certificate = objects.find(
    object =>
      object.kind === 'Certificate' &&
      object.metadata.namespace === service.namespace &&
      (object as Yaml).spec?.secretName === service.certificate.secretName,
  ) as Yaml;
  if (!certificate) return false;
  const { spec } = certificate;
  const at = { name: `${certificate.metadata.name}-1`, namespace: service.namespace };
  const ref = spec.issuerRef;
  return policies.some(({ spec: policy, metadata }) => {
    const select = policy.selector?.issuerRef ?? {};
    if (!glob(select.name, ref?.name) || !glob(select.kind, ref?.kind ?? 'Issuer') || !glob(select.group, ref?.group ?? 'cert-manager.io'))
      return false;
    if (
      !selectsNamespace({ spec: policy }, service.namespace) ||
      !usersOf(objects, metadata.name, service.namespace).has(`${plan.certManagerNamespace}/cert-manager`)
    )
      return false;
    const { allowed = {}, constraints = {} } = policy;
    for (const field of ['uris', 'dnsNames', 'ipAddresses', 'emailAddresses']) {
      const values: string[] = spec[field] ?? [];
      if ((values.length === 0 && allowed[field]?.required) || values.some(value => !passes(allowed[field], value, at))) return false;
    }
    if (spec.commonName ? !passes(allowed.commonName, spec.commonName, at) : allowed.commonName?.required) return false;
    for (const field of new Set([...Object.keys(spec.subject ?? {}), ...Object.keys(allowed.subject ?? {})])) {
      const values = [spec.subject?.[field] ?? []].flat();
      if ((values.length === 0 && allowed.subject?.[field]?.required) || values.some(value => !passes(allowed.subject?.[field], value, at)))
        return false;
    }
    const usages: string[] = spec.usages?.length ? spec.usages : ['digital signature', 'key encipherment'];
    if (usages.some(usage => !(allowed.usages ?? []).includes(usage)) || (spec.isCA && !allowed.isCA)) return false;
    const hours = (text: string): number =>
      [...text.matchAll(/(\d+)(h|m|s)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * { h: 3600, m: 60, s: 1 }[unit as 'h'], 0);
    const duration = hours(spec.duration ?? '2160h');
    if (constraints.minDuration !== undefined && duration < hours(constraints.minDuration)) return false;
    if (constraints.maxDuration !== undefined && duration > hours(constraints.maxDuration)) return false;
    const { algorithm = 'RSA', size = algorithm === 'RSA' ? 2048 : algorithm === 'ECDSA' ? 256 : undefined } = spec.privateKey ?? {};
    const key = constraints.privateKey ?? {};
    if (key.algorithm !== undefined && key.algorithm !== algorithm) return false;
    return size === undefined || algorithm === 'Ed25519' || ((key.minSize ?? 0) <= size && size <= (key.maxSize ?? 1e9));
  });
}
