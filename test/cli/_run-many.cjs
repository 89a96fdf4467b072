// Runs many command lines in one process: a JSON list of { name, args } on stdin, a JSON list of what each printed and returned on stdout.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const CLI = join(__dirname, '..', '..', 'build', 'lib', 'cli');
const { reportError } = require(join(CLI, 'report-error.js'));

async function runOne({ name, args }) {
  const streams = { stdout: process.stdout.write, stderr: process.stderr.write };
  const written = { stdout: '', stderr: '' };
  for (const stream of Object.keys(streams))
    process[stream].write = text => {
      written[stream] += text;
      return true;
    };
  try {
    const code = await require(join(CLI, `${name}.js`))
      .run(args)
      .catch(reportError);
    return { code, ...written };
  } finally {
    for (const [stream, write] of Object.entries(streams)) process[stream].write = write;
  }
}

async function main() {
  const results = [];
  for (const each of JSON.parse(readFileSync(0, 'utf8'))) results.push(await runOne(each));
  process.stdout.write(JSON.stringify(results));
}

main();
