import { blockText } from './_block.js';
import { copiesAlike, endOfCopies } from './_copies.js';
import { asList, mergedMap, toYaml } from './_maps.js';
import { goText, inlineText, keyText, rawText, scalarText } from './_scalar-text.js';
import { all, any, type Condition, filled, goCondition, parenthesized } from './condition.js';
import { type Expression, type Root, TOP } from './expression.js';
import type { Fragments, Head } from './fragments.js';
import { type Entry, INDEX, type Item, type ListNode, type MapNode, type Node, type Part } from './node.js';
import { PREFIX } from './param.js';
import { presence } from './presence.js';

/** Writes nodes as template text, indented as people indent charts by hand. */
export class Emitter {
  private readonly fragments: Fragments;
  private head: Head = { block: undefined, variables: new Map() };
  private root: Root = TOP;
  /** Templates of runs of copies. */
  private readonly copies = new Map<string, string>();
  private last: { readonly parts: readonly unknown[]; readonly text: string } | undefined;

  constructor(fragments: Fragments) {
    this.fragments = fragments;
  }

  /** One document: the fields of an object. The head is added to. */
  object(node: MapNode, when: Condition, head: Head): string {
    this.head = head;
    this.root = head.block === undefined ? TOP : { ...TOP, block: { key: head.block, name: '$service' } };
    return this.conditional(when, '', `---\n${this.fields(node, '')}`);
  }

  /** Text of a template that is called with another dot than the file has. */
  private rooted(root: Root, write: () => string): string {
    const outer = this.root;
    this.root = root;
    const text = write();
    this.root = outer;
    return text;
  }

  private fields(node: MapNode, indent: string): string {
    const own = node.entries.map(({ key }) => {
      if (typeof key === 'string') return key;
      if (node.spreads.length > 0) throw new Error('a map with keys from values takes no further ones');
      return '';
    });
    return this.runs(node.entries, indent) + this.spreads(node, own, indent);
  }

  /** Fields that only copy a value of the service's own block, several in a row, are a template that services share. */
  private runs(entries: readonly Entry[], indent: string): string {
    let text = '';
    const { block } = this.root;
    for (let index = 0; index < entries.length; ) {
      const end = block === undefined ? index : endOfCopies(entries, index, block.key);
      if (block !== undefined && end > index) {
        text += this.shared(entries.slice(index, end), block, indent);
        index = end;
        continue;
      }
      const entry = entries[index++];
      if (entry) text += this.entry(entry.key, entry.node, entry.when, indent);
    }
    return text;
  }

  private shared(run: readonly Entry[], { key, name }: NonNullable<Root['block']>, indent: string): string {
    const alike = copiesAlike(run, key);
    const fragment = this.copies.get(alike) ?? this.fragments.named(`fields.${String(run[0]?.key)}`, this.copied(run, key));
    this.copies.set(alike, fragment);
    return `${indent}{{- include "${PREFIX}${fragment}" ${name} | nindent ${indent.length} }}\n`;
  }

  private copied(run: readonly Entry[], key: string): string {
    return this.rooted({ ...TOP, block: { key, name: '' } }, () =>
      run.map(entry => this.entry(entry.key, entry.node, entry.when, '')).join(''),
    );
  }

  /** What many objects say alike is included, what is an object's own follows. */
  private fragment(node: MapNode, indent: string): string {
    if (node.fragment === undefined) return this.fields(node, indent);
    const { name, own } = node.fragment;
    const shared = this.sharedFields(node, own);
    const variable = `$${name.slice(name.lastIndexOf('.') + 1)}`;
    const template = this.fragments.named(name, shared);
    const known = this.head.variables.get(variable) ?? template;
    this.head.variables.set(variable, known);
    const text = known === template ? variable : `include "${PREFIX}${template}" .`;
    return `${indent}{{- ${text} | nindent ${indent.length} }}\n${this.runs([...own], indent)}`;
  }

  /** Most objects of a service have the same nodes here, so the text of the last ones is kept. */
  private sharedFields(node: MapNode, own: ReadonlySet<Entry>): string {
    const entries = node.entries.filter(entry => !own.has(entry));
    const parts = [...node.entries.map(({ key }) => key), ...entries.map(entry => entry.node), ...node.spreads];
    const { last } = this;
    if (last?.parts.length === parts.length && parts.every((part, index) => part === last.parts[index])) return last.text;
    const keys = node.entries.map(({ key }) => String(key));
    const text = this.rooted(TOP, () => this.runs(entries, '') + this.spreads(node, keys, ''));
    this.last = { parts, text };
    return text;
  }

  private spreads({ spreads }: MapNode, own: readonly string[], indent: string): string {
    if (spreads.length === 0) return '';
    const merged = mergedMap(spreads, this.root);
    // no key may stand in the text twice
    const omitted = own.length === 0 ? merged : `omit ${parenthesized(merged)} ${own.map(key => JSON.stringify(key)).join(' ')}`;
    const text = `${indent}{{- with ${omitted} }}\n${toYaml(indent)}${indent}{{- end }}\n`;
    // merging maps takes long, and most are empty
    return spreads.length === 1 ? text : this.conditional(any(...spreads.map(filled)), indent, text);
  }

  /** A map of which nothing is known beforehand. */
  private spreadMap(name: string, { spreads }: MapNode, indent: string): string {
    const body = `${indent}{{- with ${mergedMap(spreads, this.root)} }}\n${name}\n${toYaml(`${indent}  `)}${indent}{{- end }}\n`;
    return spreads.length === 1 ? body : this.conditional(any(...spreads.map(filled)), indent, body);
  }

  private entry(key: Entry['key'], node: Node, when: Condition, indent: string): string {
    const name = `${indent}${typeof key === 'string' ? keyText(key) : inlineText(key, this.root)}:`;
    switch (node.kind) {
      case 'literal':
        return this.conditional(when, indent, `${name} ${scalarText(node.value)}\n`);
      case 'text':
        return this.conditional(when, indent, `${name} ${inlineText(node.parts, this.root)}\n`);
      case 'lines':
        return this.conditional(when, indent, `${name} ${blockText(node.lines, indent, this.root)}`);
      case 'value':
        return this.conditional(when, indent, this.value(name, node.value, indent));
      case 'choice':
        return this.choice(node.cases, when, indent, child => this.entry(key, child, { kind: 'always' }, indent));
      case 'map': {
        if (node.entries.length === 0 && node.spreads.length === 0) return this.conditional(when, indent, `${name} {}\n`);
        if (node.entries.length === 0) return this.conditional(when, indent, this.spreadMap(name, node, indent));
        return this.conditional(all(when, presence(node)), indent, `${name}\n${this.fragment(node, `${indent}  `)}`);
      }
      case 'list': {
        if (node.items.length === 0) return this.conditional(when, indent, `${name} []\n`);
        return this.conditional(all(when, presence(node)), indent, `${name}\n${this.list(node, `${indent}  `)}`);
      }
      default:
        return node satisfies never;
    }
  }

  private list(node: ListNode, indent: string): string {
    if (node.mergeKey !== undefined) return this.mergedList(node, indent);
    return node.items.map(item => this.item(item, indent)).join('');
  }

  /** The list's own items become a template, so that the ones of the values can be put over them. */
  private mergedList(node: ListNode, indent: string): string {
    const own = node.items.filter(item => item.kind !== 'spread');
    const given = node.items.flatMap(item => (item.kind === 'spread' ? [item.value] : []));
    const name = this.fragments.named(
      'env',
      this.rooted(TOP, () => own.map(item => this.item(item, '')).join('')),
    );
    const alone = `include "${PREFIX}${name}" .`;
    const lists = given.map(value => parenthesized(asList(value, this.root))).join(' ');
    const merged = `include "${PREFIX}mergeBy" (list "${node.mergeKey}" (${alone} | fromYamlArray) ${lists})`;
    const line = (text: string): string => `${indent}{{- ${text} | nindent ${indent.length} }}\n`;
    // merging lists takes long, and most of those from values are empty
    return `${indent}{{- if ${goCondition(any(...given.map(filled)), this.root)} }}\n${line(merged)}${indent}{{- else }}\n${line(alone)}${indent}{{- end }}\n`;
  }

  private item(item: Item, indent: string): string {
    if (item.kind === 'spread') {
      const text = `${indent}{{- with ${item.value.go(this.root)} }}\n${indent}{{- ${item.value.isText ? '.' : 'toYaml .'} | nindent ${indent.length} }}\n${indent}{{- end }}\n`;
      return this.conditional(item.when, indent, text);
    }
    if (item.kind === 'repeat') {
      const range = `${indent}{{- range $index := until (int ${parenthesized(item.count.go(this.root))}) }}\n`;
      return this.conditional(item.when, indent, `${range}${indent}- ${this.repeated(item.parts)}\n${indent}{{- end }}\n`);
    }
    return this.itemNode(item.node, item.when, indent);
  }

  private repeated(parts: readonly (Part | typeof INDEX)[]): string {
    return `"${parts.map(part => (part === INDEX ? '{{ $index }}' : rawText(part, { ...this.root, dot: '$' }))).join('')}"`;
  }

  private itemNode(node: Node, when: Condition, indent: string): string {
    switch (node.kind) {
      case 'literal':
        return this.conditional(when, indent, `${indent}- ${scalarText(node.value)}\n`);
      case 'text':
        return this.conditional(when, indent, `${indent}- ${inlineText(node.parts, this.root)}\n`);
      case 'lines':
        return this.conditional(when, indent, `${indent}- ${blockText(node.lines, indent, this.root)}`);
      case 'value':
        return this.conditional(when, indent, this.value(`${indent}-`, node.value, indent));
      case 'choice':
        return this.choice(node.cases, when, indent, child => this.itemNode(child, { kind: 'always' }, indent));
      case 'map':
        return this.conditional(all(when, presence(node)), indent, this.mapItem(node, indent));
      case 'list':
        throw new Error('a list in a list has no emitter');
      default:
        return node satisfies never;
    }
  }

  private mapItem(node: MapNode, indent: string): string {
    if (node.entries.length === 0 && node.spreads.length === 0) return `${indent}- {}\n`;
    const text = this.fields(node, `${indent}  `);
    // the dash takes the place of the first field's indentation, unless an action stands there
    return text.startsWith(`${indent}  {{`) ? `${indent}-\n${text}` : `${indent}- ${text.slice(indent.length + 2)}`;
  }

  /** A field or item that has one value of the chart. */
  private value(name: string, value: Expression, indent: string): string {
    const { kind } = value;
    if (kind === 'map' || kind === 'list') {
      const inner = `${indent}  `;
      const print = value.isText ? '.' : 'toYaml .';
      return `${indent}{{- with ${value.go(this.root)} }}\n${name}\n${inner}{{- ${print} | nindent ${inner.length} }}\n${indent}{{- end }}\n`;
    }
    const field = `${name} ${goText(value, this.root)}\n`;
    return value.optional ? this.conditional(presence({ kind: 'value', value }), indent, field) : field;
  }

  private choice(
    cases: readonly { when: Condition; node: Node }[],
    when: Condition,
    indent: string,
    write: (node: Node) => string,
  ): string {
    const [first, ...others] = cases;
    if (first === undefined) return '';
    let text = `${indent}{{- if ${goCondition(first.when, this.root)} }}\n${write(first.node)}`;
    others.forEach(({ when: condition, node }, index) => {
      const last = index === others.length - 1;
      text += `${indent}{{- else${last ? '' : ` if ${goCondition(condition, this.root)}`} }}\n${write(node)}`;
    });
    return this.conditional(when, indent, `${text}${indent}{{- end }}\n`);
  }

  private conditional(when: Condition, indent: string, text: string): string {
    return when.kind === 'always' ? text : `${indent}{{- if ${goCondition(when, this.root)} }}\n${text}${indent}{{- end }}\n`;
  }
}
