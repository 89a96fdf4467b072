import type { Fleet } from '../../fleet/index.js';
import { ChartError } from './chart-error.js';

export interface ChartIdentity {
  /** Name of the chart, and beginning of every template's name. */
  readonly name: string;
  /** SemVer. */
  readonly version: string;
  readonly appVersion: string;
}

/** Longer, and Helm's release names would not fit in front of it. */
const LONGEST_NAME = 53;

/**
 * Name and versions of a fleet's chart, as the fleet says them. Helm wants a chart to be called like its folder.
 *
 * @throws ChartError for a folder whose name Helm does not take
 */
export function chartIdentity(fleet: Fleet, folderName?: string): ChartIdentity {
  const { name = fleet.fleet, version = '0.1.0', appVersion = version.replace(/\+.*$/, '') } = fleet.chart ?? {};
  const chosen = folderName ?? name;
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(chosen) && chosen.length <= LONGEST_NAME) return { name: chosen, version, appVersion };
  throw new ChartError(
    `"${chosen}" is no name of a chart, expected at most ${LONGEST_NAME} lower-case letters, digits and "-"\n` +
      '  choose a folder with such a name, as charts/sentinel-core',
  );
}
