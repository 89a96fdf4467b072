import { combined, opposite, scalarEffect, setEffect } from './effect.js';
import {
  type Change,
  type Effect,
  type Fact,
  type Field,
  type FieldChange,
  FORM,
  isFlagged,
  type ScalarField,
  SECTIONS,
  type SetField,
} from './types.js';

/** What is stated on one side only or otherwise on the other; flagged changes come first in each section. */
export function compareFacts(old: readonly Fact[], now: readonly Fact[]): readonly Change[] {
  const before = byKey(old);
  const after = byKey(now);
  const changes: Change[] = [];
  for (const [key, fact] of before) {
    const other = after.get(key);
    const change = other ? changeOf(fact, other) : whole(fact, 'removed');
    if (change) changes.push(change);
  }
  for (const [key, fact] of after) if (!before.has(key)) changes.push(whole(fact, 'added'));
  return inOrder(dropRepeated(foldOpenings(changes, [...before.values(), ...after.values()])));
}

/** Two facts with one key are two statements, told apart by their order. */
function byKey(facts: readonly Fact[]): ReadonlyMap<string, Fact> {
  const map = new Map<string, Fact>();
  for (const fact of facts) {
    let key = `${fact.section} ${fact.key}`;
    for (let count = 2; map.has(key); count++) key = `${fact.section} ${fact.key} #${count}`;
    map.set(key, fact);
  }
  return map;
}

function whole(fact: Fact, change: 'added' | 'removed'): Change {
  const appears = change === 'added';
  const fields = fact.fields.map((field): FieldChange => {
    const effect: Effect = field.weak !== true ? 'none' : appears ? 'weaker' : 'stronger';
    if ('items' in field) return { field: field.name, effect, added: appears ? field.items : [], removed: appears ? [] : field.items };
    const text = field.shown ?? field.value;
    return { field: field.name, effect, ...(appears ? { new: text } : { old: text }) };
  });
  const { section, subject, sources } = fact;
  const effect = combined([appears ? fact.appears : opposite(fact.appears), ...fields.map(field => field.effect)]);
  return { section, change, subject, effect, fields, sources };
}

function changeOf(old: Fact, now: Fact): Change | undefined {
  const names = new Set([...old.fields, ...now.fields].map(({ name }) => name));
  const fields = [...names].flatMap(name => fieldChange(name, fieldOf(old, name), fieldOf(now, name)));
  if (fields.length === 0) return undefined;
  const { section, subject } = now;
  const sources = [...new Set([...old.sources, ...now.sources])].sort();
  return { section, change: 'changed', subject, effect: combined(fields.map(({ effect }) => effect)), fields, sources };
}

const fieldOf = (fact: Fact, name: string): Field | undefined => fact.fields.find(field => field.name === name);

function fieldChange(name: string, old: Field | undefined, now: Field | undefined): FieldChange[] {
  if ((old && 'items' in old) || (now && 'items' in now)) {
    const [before, after] = [old ? setOf(old) : undefined, now ? setOf(now) : undefined];
    const added = (after?.items ?? []).filter(item => before?.items.includes(item) !== true);
    const removed = (before?.items ?? []).filter(item => after?.items.includes(item) !== true);
    if (added.length + removed.length === 0) return [];
    const grows: Effect = before && after && before.grows !== after.grows ? 'review' : ((after ?? before)?.grows ?? 'review');
    return [{ field: name, effect: setEffect(grows, added, removed), added, removed }];
  }
  if (old?.value === now?.value) return [];
  return [{ field: name, effect: scalarEffect(old, now), ...textOf('old', old), ...textOf('new', now) }];
}

/** A field that is a single value on one side and a set on the other is compared as sets. */
const setOf = (field: Field): SetField =>
  'items' in field ? field : { name: field.name, items: [field.shown ?? field.value], grows: 'review' };

function textOf(side: 'old' | 'new', field: ScalarField | undefined): { readonly old?: string; readonly new?: string } {
  if (field === undefined) return {};
  const text = field.shown ?? field.value;
  return side === 'old' ? { old: text } : { new: text };
}

/** A new call opens the network too: that is one difference, not three, when both appear or both go. */
function foldOpenings(changes: readonly Change[], facts: readonly Fact[]): readonly Change[] {
  const callsOf = new Map(facts.filter(({ section }) => section === 'network').map(({ subject, calls }) => [subject, calls ?? []]));
  const openings = new Map<string, Change[]>();
  const left: Change[] = [];
  const calls = new Set(changes.filter(({ section }) => section === 'calls').map(({ change, subject }) => `${change} ${subject}`));
  for (const change of changes) {
    const key =
      change.section === 'network'
        ? callsOf
            .get(change.subject)
            ?.map(call => `${change.change} ${call}`)
            .find(call => calls.has(call))
        : undefined;
    if (key === undefined || change.change === 'changed') left.push(change);
    else openings.set(key, [...(openings.get(key) ?? []), change]);
  }
  return left.map(change => {
    const folded = change.section === 'calls' ? (openings.get(`${change.change} ${change.subject}`) ?? []) : [];
    if (folded.length === 0) return change;
    const network = folded.flatMap(({ fields }) => fields.map(field => ({ ...field, field: 'network' })));
    const sources = [...new Set([change, ...folded].flatMap(part => part.sources))].sort();
    return { ...change, fields: [...change.fields, ...network], sources };
  });
}

/** An object that came or went, or has another form, is not said again where a fact of it was. */
function dropRepeated(changes: readonly Change[]): readonly Change[] {
  const told = new Set(
    changes
      .filter(({ section }) => section !== 'other')
      .flatMap(({ change, sources }) => sources.flatMap(source => [source, `${change} ${source}`])),
  );
  return changes.flatMap(change => {
    if (change.section !== 'other') return [change];
    const fields = change.fields.filter(({ field }) => field !== FORM);
    if (change.change !== 'changed') {
      const again = change.effect === 'none' && change.sources.every(source => told.has(`${change.change} ${source}`));
      return again ? [] : [{ ...change, fields }];
    }
    if (fields.length > 0) return [{ ...change, fields }];
    return change.sources.every(source => told.has(source)) ? [] : [change];
  });
}

function inOrder(changes: readonly Change[]): readonly Change[] {
  const rank = (change: Change): string =>
    [String(SECTIONS.indexOf(change.section)).padStart(2, '0'), isFlagged(change) ? 0 : 1, change.subject, change.change].join('\0');
  return changes
    .map(change => ({ change, rank: rank(change) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0))
    .map(({ change }) => change);
}
