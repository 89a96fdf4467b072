import type { ManifestFinding } from '../check/prove/index.js';
import type { Plan } from '../fleet/index.js';
import { printable } from './printable.js';

/** What the manifests say otherwise than the plan, one finding a paragraph. */
export function formatManifestFindings(findings: readonly ManifestFinding[], plan: Plan): string {
  const title = `manifests of fleet ${plan.fleet}, environment ${plan.environment}`;
  const checked = `${plan.services.length} services, ${plan.edges.length} declared calls`;
  if (findings.length === 0) return `${title}\n\n  as declared: ${checked}\n\n`;
  const count = `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}`;
  return `${[`${title}\n\n${count}`, ...findings.map(findingText)].join('\n')}\n\n`;
}

function findingText({ file, line, object, path, found, expected, layer, edge, code }: ManifestFinding): string {
  const place = file === undefined ? '' : `${file}:${line} `;
  const call = edge === undefined ? '' : `, call ${edge.caller} → ${edge.callee}:${edge.port}`;
  const what = `${place}${object}${path === '' ? '' : ` ${path}`}`;
  return `  !! ${printable(what)}\n     layer ${layer} (${code})${call}\n     found     ${printable(found)}\n     expected  ${printable(expected)}`;
}
