import type { Plan } from '../../fleet/plan.js';
import { type Manifests, type ObjectSet, objectName } from '../../objects/index.js';
import type { VaultRoleFile } from '../issuance/index.js';
import {
  applySuppressions,
  hears,
  inFileOrder,
  type LocatedFinding,
  lintObjects,
  profileDependent,
  readInlineSuppressions,
  unreadableFindings,
} from '../lint/index.js';
import { Network } from '../network/index.js';
import { checkManifests } from '../prove/manifests.js';
import { fieldText, proveRelations, type RelationProof } from '../relations/index.js';
import { checkObject } from '../schema/index.js';
import type { Finding } from './finding.js';

/** What is verified: rendered objects, and the plan that they are said to be of. */
export interface Subject {
  readonly objects: ObjectSet;
  readonly plan?: Plan | undefined;
  readonly vaultRole?: VaultRoleFile | undefined;
  /** The texts that the objects were read from, with their suppressions, and what could not be read of them. */
  readonly read?: Pick<Manifests, 'files' | 'unreadable'> | undefined;
}

/** A check reads a subject and never changes it. A new kind of check is one more entry of CHECKS. */
export type Check = (subject: Subject) => readonly Finding[];

/** Kinds without a pinned schema belong to others and are left to them. */
export const schemaFindings: Check = ({ objects }) => {
  const known = schemaFindingsOf.get(objects) ?? findInSchemas(objects);
  schemaFindingsOf.set(objects, known);
  return known;
};

/** Two checks ask for them, and an object set does not change. */
const schemaFindingsOf = new WeakMap<ObjectSet, readonly Finding[]>();

const findInSchemas = (objects: ObjectSet): readonly Finding[] =>
  objects.entries().flatMap(({ object }) =>
    checkObject(object)
      .filter(({ kind }) => kind !== 'unknownKind')
      .map(({ kind, path, message, found, expected }): Finding => {
        const { file, line } = objects.sourceOf(object, path);
        return {
          check: 'schema',
          code: kind,
          severity: 'error',
          message: `${message}: found ${found}, expected ${expected}`,
          object: objectName(object),
          path: fieldText(path),
          file,
          line,
          fix: '',
        };
      }),
  );

/** Certificates, issuers and allow-lists that are not as planned, field by field. */
export const manifestFindings: Check = ({ objects, plan }) =>
  plan === undefined
    ? []
    : checkManifests(objects, plan).map(({ code, object, path, found, expected, file, line }) => ({
        check: 'manifests',
        code,
        severity: 'error',
        message: `found ${found}, expected ${expected}`,
        object,
        path,
        file,
        line,
        fix: 'write it again with sentinel-mtls synth, or change the fleet',
      }));

/** The smallest counterexamples of the proof; without a plan, the policies that can't be judged. */
export const relationFindings: Check = subject => {
  const { objects, plan } = subject;
  if (plan) return findingsOf(proveRelations({ ...subject, plan }));
  return new Network(objects).problems.map(({ object, path, text }) => {
    const { file, line } = objects.sourceOf(object, path);
    const what = { check: 'relations', code: 'network-undecided', severity: 'error' } as const;
    return {
      ...what,
      message: text,
      object: objectName(object),
      path: fieldText(path),
      file,
      line,
      fix: `correct or remove ${objectName(object)}`,
    };
  });
};

export function findingsOf(proof: RelationProof): readonly Finding[] {
  return proof.differences.map(({ code, text, causes: [cause], change }) => ({
    check: 'relations',
    code,
    severity: 'error',
    message: text,
    object: cause?.object ?? '',
    path: cause?.path ?? '',
    file: cause?.file,
    line: cause?.line,
    fix: change,
  }));
}

/** What the rules of the linter find for everybody; a fault of the schema is told once. */
export const lintFindings: Check = subject => {
  const told = new Set(schemaFindings(subject).map(({ object, path }) => `${object} ${path}`));
  return linted(subject)
    .filter(({ object, path, persona }) => hears('regular', persona) && (object === '' || !told.has(`${object} ${path}`)))
    .sort(inFileOrder)
    .map(({ code, severity, message, object, path, file, line, fix }) => ({
      check: 'lint',
      code,
      severity,
      message,
      object,
      path,
      file,
      line,
      fix,
    }));
};

function linted({ objects, plan, read }: Subject): readonly LocatedFinding[] {
  const where = plan ? { clusterResourceNamespace: plan.certManagerNamespace, trustNamespace: plan.bundle.trustNamespace } : {};
  const inline = readInlineSuppressions(read?.files ?? []);
  const unreadable = unreadableFindings(read?.unreadable ?? []);
  if (inline.suppressions.length === 0) return [...unreadable, ...inline.findings, ...lintObjects(objects, where)];
  // findings for every persona, so that no suppression is called unused because nobody was to hear of its finding
  const all = lintObjects(objects, { ...where, persona: 'auditor' });
  const date = new Date().toISOString().slice(0, 10);
  return [
    ...unreadable,
    ...inline.findings,
    ...applySuppressions(all, inline.suppressions, { date, mayBeUnused: profileDependent }).findings,
  ];
}

/** In the order in which they are reported: an object that is no object of its kind explains what follows. */
export const CHECKS: readonly Check[] = [schemaFindings, manifestFindings, relationFindings, lintFindings];

/** Every finding of every check. */
export const verify = (subject: Subject, checks: readonly Check[] = CHECKS): readonly Finding[] => checks.flatMap(check => check(subject));

/** What the objects show by themselves, before they are held against a plan: schemas and the rules of the linter. */
export const objectFindings: Check = subject => verify(subject, [schemaFindings, lintFindings]);

/** The same where the proof has been made already, by whoever shows more of it than its findings. */
export const verifyWith = (subject: Subject, proof: RelationProof): readonly Finding[] =>
  verify(
    subject,
    CHECKS.map(check => (check === relationFindings ? () => findingsOf(proof) : check)),
  );
