/**
 * The shape of a CSV file, byte by byte: where records end, how many fields they have, which quotes are open. The
 * values are read by DuckDB; this says the names of the columns beforehand, and afterwards which line is at fault.
 */
import type { DecodeBound } from '../../base/decode-bound.ts';

/** Bytes of one record. DuckDB keeps a record in memory whole; a file without line ends must not take all of it. */
export const CSV_RECORD_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Columns of a file, of which a table may take some: sixteen times what a table can have. A file of nothing but
 * separators must not become millions of names.
 */
export const CSV_FIELDS_MAX = 65_536;

/** Each field of a header is a name; there are so many at most. */
export const CSV_HEADER_BOUND: DecodeBound = {
  bytesMax: CSV_RECORD_BYTES_MAX,
  memory: { perByte: 256, once: 512 * 1024 },
  steps: { perByte: 40, once: 20_000 },
};

export type LineEnd = 'LF' | 'CRLF' | 'CR' | 'none';

export interface CsvRecord {
  /** The line in which it begins, from 1. */
  readonly line: number;
  readonly fields: number;
  readonly bytes: number;
  readonly end: LineEnd;
}

/** What makes a file no table, and in which line. */
export interface CsvProblem {
  readonly line: number;
  readonly why: string;
}

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;

/** Reads chunks of a file; tells of each record that ends. */
export class CsvScan {
  readonly #delimiter: number;
  readonly #onRecord: (record: CsvRecord) => void;
  #state: 'field start' | 'plain' | 'quoted' | 'quote in quoted' = 'field start';
  #line = 1;
  #startLine = 1;
  #quoteLine = 1;
  #fields = 1;
  #bytes = 0;
  #returned = false;
  /** The line in which text follows a closing quote. */
  strayLine: number | undefined;

  constructor(delimiter: string, onRecord: (record: CsvRecord) => void) {
    this.#delimiter = delimiter.charCodeAt(0);
    this.#onRecord = onRecord;
  }

  /** Where the quote was opened that the file does not close; undefined: none. */
  get openQuoteLine(): number | undefined {
    return this.#state === 'quoted' ? this.#quoteLine : undefined;
  }

  /** Line and bytes of the record that has not ended yet. */
  get pending(): { readonly line: number; readonly bytes: number } {
    return { line: this.#startLine, bytes: this.#bytes };
  }

  write(chunk: Uint8Array): void {
    for (const byte of chunk) this.#take(byte);
  }

  end(): void {
    if (this.#returned) this.#record('CR');
    if (this.#bytes > 0) this.#record('none');
  }

  #take(byte: number): void {
    if (this.#returned) {
      this.#returned = false;
      if (byte === LF) return this.#record('CRLF');
      this.#record('CR');
    }
    if (this.#state === 'quoted') {
      this.#bytes++;
      if (byte === QUOTE) this.#state = 'quote in quoted';
      if (byte === LF) this.#line++;
      return;
    }
    if (byte === LF) return this.#record('LF');
    if (byte === CR) {
      this.#returned = true;
      return;
    }
    this.#bytes++;
    if (byte === this.#delimiter) {
      this.#fields++;
      this.#state = 'field start';
    } else if (byte === QUOTE && this.#state !== 'plain') {
      if (this.#state === 'field start') this.#quoteLine = this.#line;
      this.#state = 'quoted';
    } else {
      if (this.#state === 'quote in quoted') this.strayLine ??= this.#line;
      this.#state = 'plain';
    }
  }

  #record(end: LineEnd): void {
    this.#onRecord({ line: this.#startLine, fields: this.#fields, bytes: this.#bytes, end });
    this.#line++;
    this.#startLine = this.#line;
    this.#fields = 1;
    this.#bytes = 0;
    this.#state = 'field start';
  }
}

/** The first thing that keeps a file from being a table of as many columns as its header has. */
export class CsvDiagnosis {
  readonly #scan: CsvScan;
  #first: CsvRecord | undefined;
  #problem: CsvProblem | undefined;

  /** @param skipped records before the header */
  constructor(delimiter: string, skipped: number) {
    let toSkip = skipped;
    this.#scan = new CsvScan(delimiter, (record) => {
      if (toSkip-- > 0) return;
      this.#first ??= record;
      this.#problem ??= this.#check(this.#first, record);
    });
  }

  get problem(): CsvProblem | undefined {
    return this.#problem;
  }

  write(chunk: Uint8Array): void {
    this.#scan.write(chunk);
    const { line, bytes } = this.#scan.pending;
    if (bytes <= CSV_RECORD_BYTES_MAX) return;
    const quoteLine = this.#scan.openQuoteLine;
    this.#problem ??=
      quoteLine === undefined
        ? { line, why: `the line is longer than ${CSV_RECORD_BYTES_MAX} bytes` }
        : notClosed(quoteLine);
  }

  end(): CsvProblem | undefined {
    const quoteLine = this.#scan.openQuoteLine;
    if (quoteLine !== undefined) this.#problem ??= notClosed(quoteLine);
    this.#scan.end();
    return this.#problem;
  }

  #check(header: CsvRecord, record: CsvRecord): CsvProblem | undefined {
    const { line, fields, bytes, end } = record;
    const { strayLine } = this.#scan;
    if (strayLine !== undefined) {
      return {
        line: strayLine,
        why: 'text follows a closing quote; a quote within a quoted field is written twice',
      };
    }
    if (bytes > CSV_RECORD_BYTES_MAX)
      return { line, why: `the line is longer than ${CSV_RECORD_BYTES_MAX} bytes` };
    // DuckDB passes over blank lines, also where there is one column only and they become a row.
    if (bytes > 0 && fields !== header.fields)
      return { line, why: `it has ${count(fields, 'field')}, the header has ${header.fields}` };
    if (end !== 'none' && end !== header.end)
      return {
        line,
        why: `it ends with ${end}, line ${header.line} with ${header.end}: line ends are mixed`,
      };
    return undefined;
  }
}

const notClosed = (line: number): CsvProblem => ({ line, why: 'a quote that opens there is not closed' });

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** The first fields of one record, at most so many, quotes removed. The text ends where the record ends. */
export function fieldsOf(record: string, delimiter: string, fieldsMax: number): string[] {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let at = 0; at < record.length; at++) {
    const character = record[at];
    if (quoted) {
      if (character !== '"') field += character;
      else if (record[at + 1] === '"') field += record[at++];
      else quoted = false;
    } else if (character === '"' && field === '') quoted = true;
    else if (character === delimiter) {
      fields.push(field);
      if (fields.length === fieldsMax) return fields;
      field = '';
    } else field += character;
  }
  return [...fields, field];
}

/** Which separator a header seems to have that has one field only; undefined: none of the usual ones is in it. */
export function likelyDelimiter(header: string): string | undefined {
  return [',', ';', '\t', '|'].find((candidate) => fieldsOf(header, candidate, 2).length > 1);
}
