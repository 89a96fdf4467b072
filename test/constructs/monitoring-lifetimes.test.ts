import type { CertificateSettings } from '../../lib/fleet/types';
import { testRules } from './promtool';
import { GUIDE, planOf, write } from './promtool-plans';

const YEAR: CertificateSettings = { duration: '8760h', renewBefore: '720h' };
const HOUR: CertificateSettings = { duration: '1h', renewBefore: '20m' };

interface Lifetimes {
  readonly name: string;
  readonly fleet: CertificateSettings;
  /** Of one service, when it differs. */
  readonly one?: CertificateSettings;
}

const LIFETIMES: readonly Lifetimes[] = [
  { name: 'an hour, renewed five minutes before its end', fleet: { duration: '1h', renewBefore: '5m' } },
  { name: 'a day, renewed at two thirds', fleet: { duration: '24h', renewBefore: '8h' } },
  { name: 'odd durations', fleet: { duration: '97h13m7s', renewBefore: '11h7m3s' } },
  { name: 'a percentage', fleet: { duration: '100h', renewBeforePercentage: 37 } },
  { name: 'a year, and one of an hour', fleet: YEAR, one: HOUR },
  { name: 'an hour, and one of a year that is renewed in its last minutes', fleet: HOUR, one: { duration: '8760h', renewBefore: '10m' } },
];

test.each(LIFETIMES)('the rules and their tests fit certificates of $name', ({ fleet, one }) => {
  const services = one ? { ...GUIDE.services, 'infra-adapter': { ...GUIDE.services['infra-adapter'], certificate: one } } : GUIDE.services;
  const { public: withAcme = { authority: { selfSigned: {} } } } = GUIDE.environments;
  const environments = { lifetimes: { authority: { selfSigned: {} } }, public: withAcme };
  const { files } = write(planOf('lifetimes', { ...GUIDE, services, environments, certificates: fleet }));
  expect(testRules(files['monitoring/rules.yaml'] ?? '', files['monitoring/rules.test.yaml'] ?? '')).toMatchObject({ ok: true });
});
