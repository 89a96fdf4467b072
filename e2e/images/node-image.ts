import { copyFileSync, cpSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../node/processes.js';
import { hashOf, type Image, placeIn } from './archive.js';

/** glibc opens these by name at run time, so `ldd` does not list them. */
const LOADED_BY_NAME = [
  '/lib/x86_64-linux-gnu/libnss_files.so.2',
  '/lib/x86_64-linux-gnu/libnss_dns.so.2',
  '/lib/x86_64-linux-gnu/libresolv.so.2',
];

/** An image with this machine's Node, its libraries, and the JavaScript of one folder; it starts `/app/main.js`. */
export function nodeImage(references: Image['references'], application: string): Image {
  const node = realpathSync(process.execPath);
  return {
    references,
    entrypoint: ['/usr/bin/node', '/app/main.js'],
    key: `${process.version} ${node} ${hashOf(application, '.js')}`,
    fill(root) {
      copyFileSync(node, placeIn(root, 'usr/bin/node'));
      for (const library of [...librariesOf(node), ...LOADED_BY_NAME.filter(file => existsSync(file))]) {
        copyFileSync(realpathSync(library), placeIn(root, library));
      }
      writeFileSync(placeIn(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
      writeFileSync(placeIn(root, 'etc/passwd'), 'root:x:0:0::/:/bin/false\nservice:x:65532:65532::/:/bin/false\n');
      mkdirSync(join(root, 'tmp'));
      cpSync(application, join(root, 'app'), { recursive: true });
    },
  };
}

function librariesOf(program: string): string[] {
  return [...run(['ldd', program]).matchAll(/(\/\S+\.so\S*)/g)].map(match => match[1] as string);
}
