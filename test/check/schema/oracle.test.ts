import { execFileSync } from 'node:child_process';
import { parse } from 'yaml';
import { checkObject } from '../../../lib/check/schema/index.js';
import { edited, parsePath } from './edit.js';
import { SPECIMENS } from './good-objects.js';

const core = SPECIMENS.filter(({ object }) =>
  /^(v1|apps\/v1|batch\/v1|policy\/v1|rbac\.authorization\.k8s\.io\/v1|networking\.k8s\.io\/v1)$/.test(String(object.apiVersion)),
);

// a process of its own: the client is an ES module, which jest can't load on every Node that we support
const PROGRAM = `import { dumpYaml, loadYaml } from '@kubernetes/client-node';
const objects = JSON.parse(await new Response(process.stdin).text());
process.stdout.write(JSON.stringify(objects.map(object => dumpYaml(loadYaml(JSON.stringify(object))))));`;

function roundTrips(objects: readonly unknown[]): unknown[] {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    input: JSON.stringify(objects),
    encoding: 'utf8',
  });
  const documents = JSON.parse(output) as string[];
  return documents.map(text => parse(text));
}

/** Kubernetes' own client drops the fields that it does not know: it must agree with us on every one. */
describe('the Kubernetes client', () => {
  test('keeps every field of the sixteen core objects that we accept', () => {
    const objects = core.map(({ object }) => object);
    expect(objects).toHaveLength(16);
    expect(objects.flatMap(object => checkObject(object))).toEqual([]);
    expect(roundTrips(objects)).toEqual(objects);
  });

  test('drops the fields that we call unknown', () => {
    const wrong = core.map(({ object, typo: [path, misspelt] }) =>
      edited(object, parsePath(path), (container, key) => {
        container[misspelt] = container[key];
        delete container[key];
      }),
    );
    expect(wrong.map(object => checkObject(object).some(({ kind }) => kind === 'unknownField'))).toEqual(core.map(() => true));
    const kept = roundTrips(wrong).filter((object, index) => JSON.stringify(object).includes(`"${core[index]?.typo[1]}"`));
    expect(kept).toEqual([]);
  });
});
