import { dumpYaml, loadYaml } from '@kubernetes/client-node';
import { checkObject } from '../../../lib/check/schema/index.js';
import { edited, parsePath } from './edit.js';
import { SPECIMENS } from './good-objects.js';

const CUSTOM = /\.(io|com)\//;
const core = SPECIMENS.filter(
  ({ object }) => !CUSTOM.test(String(object.apiVersion)) || /^(rbac|networking)/.test(String(object.apiVersion)),
);
const roundTrip = (object: unknown): unknown => JSON.parse(JSON.stringify(loadYaml(dumpYaml(object))));

/** Kubernetes' own client drops the fields that it does not know: it must agree with us on every one. */
describe.each(core.map(entry => [String(entry.object.kind), entry] as const))('the Kubernetes client on %s', (_, { object, typo }) => {
  test('keeps every field of the object that we accept', () => {
    expect(roundTrip(object)).toEqual(object);
    expect(checkObject(object)).toEqual([]);
  });

  test('drops the field that we call unknown', () => {
    const wrong = edited(object, parsePath(typo[0]), (container, key) => {
      container[typo[1]] = container[key];
      delete container[key];
    });
    expect(JSON.stringify(roundTrip(wrong))).not.toContain(`"${typo[1]}"`);
    expect(checkObject(wrong).map(({ kind }) => kind)).toContain('unknownField');
  });
});

test('sixteen core kinds were compared', () => {
  expect(core).toHaveLength(16);
});
