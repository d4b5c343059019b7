// The options of a script: `--help` prints the comment at its head, and a mistake says what was wrong and ends with
// exit code 64.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * Answers `--help`, if that is asked for; for scripts that hand their arguments on. `url`: the script's
 * `import.meta.url`.
 */
export function answerHelp(url) {
  if (!process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) return;
  const lines = readFileSync(fileURLToPath(url), 'utf8').split('\n');
  const head = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('//')),
  );
  console.log(head.map((line) => line.replace(/^\/\/ ?/, '')).join('\n'));
  process.exit(0);
}

/** `numbers`: the names of those that are numbers above 0. */
export function optionsOf(url, options, numbers = []) {
  answerHelp(url);
  try {
    const { values } = parseArgs({ options });
    const wrong = numbers.find((name) => !(Number(values[name]) > 0));
    if (wrong !== undefined) throw new Error(`--${wrong} takes a number above 0, not '${values[wrong]}'`);
    return values;
  } catch (error) {
    console.error(`${error.message.replace(/\.?$/, '.')} See --help.`);
    process.exit(64);
  }
}
