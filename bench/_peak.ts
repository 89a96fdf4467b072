import { writeSync } from 'node:fs';

// the last line of the output: peak resident memory of the process in MB, from KiB
process.on('exit', () => writeSync(1, `${process.resourceUsage().maxRSS / 1024}\n`));
