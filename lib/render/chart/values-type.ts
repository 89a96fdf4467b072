import type { Param, ValueSchema } from './param.js';

/** The type of the values in TypeScript, for programs that write them: what a user gives, so everything is optional. */
export function valuesType(chartName: string, params: readonly Param[]): string {
  const name = `${chartName.replaceAll(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())}Values`;
  const root = new Map<string, unknown>();
  for (const param of params) {
    let branch = root;
    for (const key of param.keys.slice(0, -1)) {
      const known = branch.get(key);
      const next = known instanceof Map ? (known as Map<string, unknown>) : new Map<string, unknown>();
      branch.set(key, next);
      branch = next;
    }
    branch.set(param.keys.at(-1) ?? '', param);
  }
  const shared = new Map<string, string>();
  const fields = [...root].map(([key, child]) => {
    if (!(child instanceof Map)) return field(key, child as Param, '  ');
    const text = body(child as Map<string, unknown>, 0);
    const type = shared.get(text) ?? `${name}${shared.size === 0 ? '' : shared.size + 1}`.replace(/Values(\d*)$/, 'Block$1');
    shared.set(text, type);
    return `  readonly ${key}?: ${type};\n`;
  });
  const blocks = [...shared].map(([text, type]) => `export interface ${type} ${text}\n\n`);
  return `${blocks.join('')}/** Values of the chart ${chartName}. */\nexport interface ${name} {\n${fields.join('')}}\n`;
}

function field(key: string, { props }: Param, indent: string): string {
  return `${indent}/** ${props.doc.replaceAll('*/', '* /')} */\n${indent}readonly ${key}?: ${typeOf(props.schema)};\n`;
}

function body(branch: ReadonlyMap<string, unknown>, depth: number): string {
  const indent = '  '.repeat(depth + 1);
  const fields = [...branch].map(([key, child]) => {
    if (child instanceof Map) return `${indent}readonly ${key}?: ${body(child as Map<string, unknown>, depth + 1)};\n`;
    return field(key, child as Param, indent);
  });
  return `{\n${fields.join('')}${'  '.repeat(depth)}}`;
}

function typeOf(schema: ValueSchema): string {
  if (Array.isArray(schema.enum)) return schema.enum.map(value => JSON.stringify(value)).join(' | ');
  if (Array.isArray(schema.anyOf)) return [...new Set(schema.anyOf.map(each => typeOf(each as ValueSchema)))].join(' | ');
  switch (schema.type) {
    case 'boolean':
    case 'string':
    case 'null':
      return schema.type;
    case 'integer':
      return 'number';
    case 'array':
      return `readonly (${typeOf((schema.items ?? {}) as ValueSchema)})[]`;
    case 'object': {
      const values = schema.additionalProperties;
      return `Readonly<Record<string, ${typeof values === 'object' && values !== null ? typeOf(values as ValueSchema) : 'unknown'}>>`;
    }
    default:
      return 'unknown';
  }
}
