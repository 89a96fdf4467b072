import { parseDuration, suggestDuration } from '../../pki/index.js';
import { isCron } from './cron.js';
import type { Field } from './field.js';

const HOUR = 3600;
const DEFAULT_DURATION = 90 * 24 * HOUR;
const LEAST_DURATION = HOUR;
const LEAST_RENEW_BEFORE = 300;

/** Seconds of a duration field: undefined when absent or malformed, and the latter is reported. */
function seconds(field: Field): number | undefined {
  if (field.text === '') return undefined;
  const parsed = parseDuration(field.text);
  if (parsed === undefined)
    field.report('invalid', 'not a Go duration', suggestDuration(field.text) ?? 'hours, minutes and seconds, such as 2160h or 1h30m');
  return parsed;
}

/**
 * `duration`, `renewBefore`, `renewBeforePercentage` of a Certificate's spec. The webhook looks at the percentage only
 * beside one of the others and, up to 1.21, takes it for its complement; the controller never did, and 1.22 doesn't:
 * so a percentage must hold in both readings.
 */
export function checkDurations(spec: Field): void {
  const [durationField, beforeField, percentageField] = [spec.at('duration'), spec.at('renewBefore'), spec.at('renewBeforePercentage')];
  const duration = seconds(durationField) ?? DEFAULT_DURATION;
  const before = seconds(beforeField);
  const percentage = percentageField.number;
  if (duration < LEAST_DURATION) durationField.report('invalid', '"duration" is too short', 'at least 1h');
  if (before !== undefined && percentage !== undefined)
    for (const field of [beforeField, percentageField])
      field.report('invalid', '"renewBefore" beside "renewBeforePercentage"', 'one of the two');
  if (before !== undefined && before < LEAST_RENEW_BEFORE) beforeField.report('invalid', '"renewBefore" is too short', 'at least 5m');
  if (before !== undefined && before >= duration)
    beforeField.report('invalid', '"renewBefore" is not less than "duration"', `less than ${duration / HOUR}h`);
  if (percentage === undefined) return;
  const readings = [percentage, 100 - percentage].map(share => (duration * share) / 100);
  if (readings.some(reading => reading < LEAST_RENEW_BEFORE || reading >= duration))
    percentageField.report(
      'invalid',
      '"renewBeforePercentage" renews less than 5m before or after one end',
      'at least 5m from both ends of the duration',
    );
}

/** `renewal` of a Certificate's spec, since cert-manager 1.21. */
export function checkRenewal(renewal: Field): void {
  const policy = renewal.at('policy');
  const windows = renewal.at('windows');
  if (policy.text === 'Disabled') {
    if (windows.items.length > 0) windows.report('forbidden', '"windows" beside the policy Disabled', 'no windows');
    return;
  }
  if (policy.text !== 'RenewBefore') policy.report('notSupported', 'unknown renewal policy', 'Disabled or RenewBefore');
  for (const window of windows.items) {
    const length = window.at('windowDuration');
    if (seconds(length) === undefined && length.text === '') length.report('required', '"windowDuration" is missing', 'a duration above 0');
    const zone = window.at('timezone');
    if (zone.text !== '' && !isTimeZone(zone.text)) zone.report('invalid', 'unknown time zone', 'an IANA name such as Europe/Berlin');
    const cron = window.at('cron');
    if (!isCron(cron.text)) cron.report('invalid', 'malformed "cron"', 'minute, hour, day of month, month and day of week');
  }
}

function isTimeZone(name: string): boolean {
  if (name === 'UTC' || name === 'Local') return true;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
