import { createHash } from 'node:crypto';
import { type FieldPath, type KubernetesObject, objectName, type Place } from '../../objects/index.js';
import type { Edit, Persona, Related, Report, Rule, Severity } from './rule.js';

/** What is wrong, where, by which rule; plain data for every output. */
export interface Finding {
  readonly code: string;
  readonly name: string;
  readonly severity: Severity;
  readonly persona: Persona;
  readonly message: string;
  readonly fix: string;
  /** `Certificate shop/orders-tls`; empty for what belongs to no object. */
  readonly object: string;
  /** Field of the object, such as `spec.dnsNames[0]`. */
  readonly path: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
  readonly related: readonly RelatedPlace[];
  /** The line of the fleet file that it comes from, for what was written by `synth`. */
  readonly fleet?: { readonly file: string; readonly line: number; readonly column: number };
  /** The same for the same fault, whatever else moves in the file. */
  readonly fingerprint: string;
}

export interface RelatedPlace {
  readonly text: string;
  readonly file: string;
  readonly line: number;
}

/** A finding with what only this process can use. */
export interface LocatedFinding extends Finding {
  readonly edits: readonly Edit[];
  /** Undefined for what belongs to no object. */
  readonly target?: { readonly object: KubernetesObject; readonly path: FieldPath };
}

/** `spec.privateKey.size`, `data["policy.json"]` */
export function pathText(path: FieldPath): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^\w+$/.test(part)) return `["${part}"]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
}

export interface Places {
  placeOf(object: KubernetesObject, path: FieldPath): Place;
  fleetPlaceOf(object: KubernetesObject, path: FieldPath): Place | undefined;
}

export function findingOf(rule: Rule, report: Report, places: Places): LocatedFinding {
  const { object, path, message } = report;
  const fleet = places.fleetPlaceOf(object, path);
  const { file, line, column, endColumn } = places.placeOf(object, path);
  const name = objectName(object);
  return {
    code: rule.code,
    name: rule.name,
    severity: report.severity ?? rule.severity,
    persona: report.persona ?? rule.persona,
    message,
    fix: report.fix ?? rule.fix,
    object: name,
    path: pathText(path),
    file,
    line,
    column,
    endColumn,
    related: (report.related ?? []).map(related => relatedPlace(related, places)),
    ...(fleet ? { fleet: { file: fleet.file, line: fleet.line, column: fleet.column } } : {}),
    fingerprint: fingerprintOf(rule.code, object.apiVersion, name, pathText(path), message),
    edits: report.edits ?? [],
    target: { object, path },
  };
}

function relatedPlace({ object, path, text }: Related, places: Places): RelatedPlace {
  const { file, line } = places.placeOf(object, path);
  return { text, file, line };
}

/** Neither file nor line is in it, so that a moved file is no new fault. */
export function fingerprintOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\u0000')).digest('hex').slice(0, 32);
}
