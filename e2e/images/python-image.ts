import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../node/processes.js';
import { ROOT } from '../node/settings.js';
import { hashOf, type Image, placeIn } from './archive.js';
import { nodeImage } from './node-image.js';

const LIBRARY = join(ROOT, 'libs', 'sentinel-common');
const FILES = join(ROOT, 'e2e', 'images', 'python_files.py');
const SERVICE = join(ROOT, 'e2e', 'pods', 'python', 'service.py');
/** What the service takes from its Python, with all that these require. */
const DISTRIBUTIONS = ['cryptography', 'fastapi', 'httpx', 'uvicorn'];

/**
 * An image with the Python of the library's virtual environment, the library, and e2e/pods/python/service.py, which it starts.
 * It is a Node image besides: tests ask every pod by the same program.
 */
export function pythonImage(references: Image['references'], nodeApplication: string): Image {
  const python = run(['bash', join(LIBRARY, 'scripts', 'venv.sh')], { timeoutMs: 600_000 }).trim();
  const node = nodeImage(references, nodeApplication);
  const ours = [FILES, SERVICE, join(LIBRARY, 'requirements-dev.txt')].map(file => readFileSync(file, 'utf8'));
  return {
    references,
    entrypoint: [`/usr/bin/${run([python, '-c', 'import sys; print("python%d.%d" % sys.version_info[:2])']).trim()}`, '/app/service.py'],
    key: JSON.stringify([node.key, run([python, '-VV']), hashOf(join(LIBRARY, 'sentinel_common'), '.py'), ours]),
    fill(root) {
      node.fill(root);
      run([python, FILES, root, ...DISTRIBUTIONS], { timeoutMs: 300_000 });
      cpSync(SERVICE, placeIn(root, 'app/service.py'));
      cpSync(join(LIBRARY, 'sentinel_common'), placeIn(root, 'app/sentinel_common'), { recursive: true });
    },
  };
}
