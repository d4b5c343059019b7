// Counts checks and tests and prints them: a line for each file, the failures in full, the verdict last.
import { styleText } from 'node:util';

/** Of what a failed file printed, the end is what tells; the rest is in the file's own run. */
const OUTPUT_LINES_SHOWN = 60;
const OUTPUT_BYTES_KEPT = 256 * 1024;

/** Files slower than this are listed, so that the suite stays quick. */
const SLOW_FILE_MS = 5_000;

const colour = (style, text) => (process.stdout.isTTY ? styleText(style, text) : text);
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

export class Summary {
  passed = 0;
  failed = 0;
  #verbose;
  #files = new Map();
  #failures = [];
  #leftOut = [];
  #started = performance.now();
  #write;

  constructor({ verbose = false, write = (text) => process.stdout.write(text) } = {}) {
    this.#verbose = verbose;
    this.#write = write;
  }

  /** One check, which counts as one test. */
  check({ name, ok, durationMs, output }) {
    this.#count(ok);
    this.#line(ok, name, seconds(durationMs));
    if (!ok) this.#failures.push({ title: name, text: output.trim() || '(no output)' });
  }

  /** Something that should not have happened and is no test. */
  problem(name, text) {
    this.#count(false);
    this.#line(false, name, '');
    this.#failures.push({ title: name, text });
  }

  test({ file, name, ok, durationMs = 0, message }) {
    this.#count(ok);
    const entry = this.#entry(file);
    entry[ok ? 'passed' : 'failed'] += 1;
    if (this.#verbose || !ok) this.#line(ok, `${file}: ${name}`, seconds(durationMs));
    if (!ok) this.#failures.push({ title: `${file}: ${name}`, text: message ?? '', file });
  }

  /** What a test file printed; shown only when the file fails. */
  output(file, text) {
    const entry = this.#entry(file);
    entry.output = (entry.output + text).slice(-OUTPUT_BYTES_KEPT);
  }

  /** Something that could not be tried on this machine. */
  leaveOut(text) {
    this.#leftOut.push(text);
  }

  /** How long the process of a file lived. */
  took(file, durationMs) {
    this.#entry(file).durationMs = durationMs;
  }

  get exitCode() {
    return this.failed === 0 && this.passed > 0 ? 0 : 1;
  }

  print() {
    this.#printAreas();
    this.#printSlow();
    this.#printFailures();
    for (const text of this.#leftOut) this.#write(`${colour('yellow', text)}\n`);
    if (this.#leftOut.length > 0) this.#write(`left out on this machine: ${this.#leftOut.length}\n`);
    this.#write(`\n${colour('dim', `took ${seconds(performance.now() - this.#started)}`)}\n`);
    // The last line, exactly so: other tools read it.
    this.#write(`${this.passed} passed, ${this.failed} failed\n`);
  }

  #entry(file) {
    let entry = this.#files.get(file);
    if (entry === undefined) {
      entry = { passed: 0, failed: 0, durationMs: 0, output: '' };
      this.#files.set(file, entry);
    }
    return entry;
  }

  #count(ok) {
    if (ok) this.passed += 1;
    else this.failed += 1;
  }

  #line(ok, name, note) {
    this.#write(`${ok ? colour('green', 'ok  ') : colour('red', 'FAIL')} ${name}  ${colour('dim', note)}\n`);
  }

  /** One line for each folder of tests: 'src/wire  42 passed'. */
  #printAreas() {
    const areas = new Map();
    for (const [file, entry] of this.#files) {
      const area = file.split('/').slice(0, 2).join('/');
      const sum = areas.get(area) ?? { passed: 0, failed: 0, durationMs: 0 };
      sum.passed += entry.passed;
      sum.failed += entry.failed;
      sum.durationMs += entry.durationMs;
      areas.set(area, sum);
    }
    for (const [area, sum] of [...areas].sort()) {
      const failed = sum.failed > 0 ? `, ${sum.failed} failed` : '';
      this.#line(
        sum.failed === 0,
        `${area.padEnd(20)} ${sum.passed} passed${failed}`,
        seconds(sum.durationMs),
      );
    }
  }

  #printSlow() {
    const slow = [...this.#files].filter(([, entry]) => entry.durationMs > SLOW_FILE_MS);
    if (slow.length === 0) return;
    const names = slow
      .sort(([, a], [, b]) => b.durationMs - a.durationMs)
      .map(([file, entry]) => `${file} ${seconds(entry.durationMs)}`);
    this.#write(`${colour('dim', `slow: ${names.join(', ')}`)}\n`);
  }

  #printFailures() {
    const shown = new Set();
    for (const { title, text, file } of this.#failures) {
      this.#write(`\n${colour('red', `── ${title}`)}\n${text}\n`);
      const output =
        file === undefined || shown.has(file) ? '' : (this.#files.get(file)?.output.trim() ?? '');
      if (output === '') continue;
      shown.add(file);
      const lines = output.split('\n');
      const cut =
        lines.length > OUTPUT_LINES_SHOWN ? [`… ${lines.length - OUTPUT_LINES_SHOWN} lines before`] : [];
      this.#write(`   printed by ${file}:\n`);
      for (const line of [...cut, ...lines.slice(-OUTPUT_LINES_SHOWN)]) this.#write(`   │ ${line}\n`);
    }
  }
}
