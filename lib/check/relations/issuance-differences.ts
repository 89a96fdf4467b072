import type { Plan } from '../../fleet/plan.js';
import { type ObjectSet, objectName, valueAt } from '../../objects/index.js';
import { ANY_CERTIFICATE, IssuanceRelation, type Obtains, STRANGER, type VaultRoleFile, vaultFindings } from '../issuance/index.js';
import { causeAt, causeOfNothing, type Difference, fieldText } from './difference.js';

export interface IssuanceProof {
  readonly differences: readonly Difference[];
  readonly notes: readonly string[];
}

/** Where somebody can obtain a name that is not his, or a service can't obtain its own. */
export function issuanceDifferences(objects: ObjectSet, plan: Plan, vaultRole: VaultRoleFile | undefined): IssuanceProof {
  const relation = new IssuanceRelation(objects, plan);
  const vault = vaultRole ? vaultDifferences(vaultRole, plan) : [];
  if (!plan.issuance) {
    const limit = plan.authority.issuerNamespace === undefined ? 'in any namespace' : `in namespace ${plan.authority.issuerNamespace}`;
    const note = `issuance is not limited here: whoever may make a Certificate ${limit} obtains every name (issuance: true limits it)`;
    return { differences: [...borrowed(objects, plan, relation), ...vault], notes: [note] };
  }
  const missing = plan.services.flatMap(service => {
    const refusal = relation.refusal(service);
    if (!refusal) return [];
    const certificate = `Certificate ${service.namespace}/${service.certificate.secretName}`;
    const cause = refusal.object ? causeAt(objects, refusal.object, refusal.path, refusal.text) : causeOfNothing(certificate, refusal.text);
    return [
      {
        code: 'issuance-missing',
        layer: 'issuance',
        from: certificate,
        to: service.spiffeId,
        port: '',
        text: `${certificate} can't obtain ${service.spiffeId}: ${refusal.text}`,
        causes: [cause],
        change: `let ${cause.object} ${cause.path} allow what the Certificate asks for`,
      } as const,
    ];
  });
  const unknown = relation.policies.flatMap(({ object, unknownRules }) =>
    unknownRules.map(path => `${fieldText(path)} of ${objectName(object)} is not evaluated, and taken to hold`),
  );
  return {
    differences: [
      ...missing,
      ...relation.undeclared().map(each => obtained(objects, plan, each)),
      ...borrowed(objects, plan, relation),
      ...vault,
    ],
    notes: unknown,
  };
}

function obtained(
  objects: ObjectSet,
  plan: Plan,
  { policy, path, namespace, certificate, subject, binding, field, name }: Obtains,
): Difference {
  const where = namespace === 'another.namespace' ? 'any other namespace' : `namespace ${namespace}`;
  const from = subject ?? (certificate === ANY_CERTIFICATE ? `any Certificate of ${where}` : `Certificate ${namespace}/${certificate}`);
  const owner = plan.services.find(service => service.certificate.uris.includes(name) || service.certificate.dnsNames.includes(name));
  const whose = name === STRANGER ? '' : owner ? `, which is ${owner.name}'s` : ', which nobody declared';
  const causes = [
    causeAt(objects, policy, path, `approves ${field} ${name} for it`),
    ...(binding && subject ? [causeAt(objects, binding, ['subjects'], `lets ${subject} use the policy`)] : []),
  ];
  const change =
    subject && binding
      ? `take ${subject} out of ${objectName(binding)}`
      : owner && certificate === ANY_CERTIFICATE
        ? `tie ${fieldText(path)} of ${objectName(policy)} to the requests of one Certificate with a rule on cr.name`
        : `limit ${fieldText(path)} and spec.selector of ${objectName(policy)} to what is declared`;
  return {
    code: 'issuance-extra',
    layer: 'issuance',
    from,
    to: name,
    port: '',
    text: `${from} obtains ${name}${whose}`,
    causes,
    change,
  };
}

/** Rendered Certificates that ask a trusted signer for a name of a service that they are not. */
function borrowed(objects: ObjectSet, plan: Plan, relation: IssuanceRelation): readonly Difference[] {
  const owners = new Map(plan.services.map(service => [service.spiffeId, service]));
  return objects.ofKind('Certificate', 'cert-manager.io').flatMap(object => {
    const ref = valueAt(object, ['spec', 'issuerRef']);
    const [name, kind, group] = [valueAt(ref, ['name']), valueAt(ref, ['kind']) ?? 'Issuer', valueAt(ref, ['group']) ?? 'cert-manager.io'];
    const trusted = relation.signers.some(
      signer =>
        signer.name === name &&
        signer.kind === kind &&
        signer.group === group &&
        (signer.namespace ?? object.metadata.namespace) === object.metadata.namespace,
    );
    const uris = valueAt(object, ['spec', 'uris']);
    if (!trusted || !Array.isArray(uris)) return [];
    return uris.flatMap((uri: unknown, index) => {
      const owner = typeof uri === 'string' ? owners.get(uri) : undefined;
      if (
        !owner ||
        (owner.namespace === object.metadata.namespace && owner.certificate.secretName === valueAt(object, ['spec', 'secretName']))
      )
        return [];
      return [
        {
          code: 'issuance-extra',
          layer: 'issuance',
          from: objectName(object),
          to: owner.spiffeId,
          port: '',
          text: `${objectName(object)} obtains ${owner.spiffeId}, which is ${owner.name}'s`,
          causes: [causeAt(objects, object, ['spec', 'uris', index], 'asks for it')],
          change: `remove ${fieldText(['spec', 'uris', index])} of ${objectName(object)}`,
        } as const,
      ];
    });
  });
}

function vaultDifferences(role: VaultRoleFile, plan: Plan): readonly Difference[] {
  const findings = vaultFindings(role, plan);
  const base = { layer: 'issuance', from: 'whoever uses the Vault role', port: '' } as const;
  const cause = (path: string, line: number, text: string) => ({ object: 'Vault role', path, file: role.file, line, text });
  if ('problem' in findings) {
    const text = `${role.file} ${findings.problem}`;
    return [
      {
        ...base,
        code: 'issuance-missing',
        to: 'every name',
        text,
        causes: [cause('', 1, findings.problem)],
        change: 'write it again with sentinel-mtls synth',
      },
    ];
  }
  return findings.map(({ kind, field, name, line }) => ({
    ...base,
    code: kind === 'extra' ? 'issuance-extra' : 'issuance-missing',
    to: name,
    text:
      kind === 'extra' ? `the Vault role signs ${name}, which nobody declared` : `the Vault role does not sign ${name}, which is declared`,
    causes: [cause(field, line, kind === 'extra' ? 'allows it' : 'lacks it')],
    change: kind === 'extra' ? `take it out of ${field}` : `add it to ${field}`,
  }));
}
