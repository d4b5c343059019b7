import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** A line longer than this is cut: a `result` event of such a size is not for reading. */
export const LINE_CHARS_MAX = 64 * 1024 * 1024;

/** Calls back for each line of a stream; the rest at the end counts as a line. */
export function onLines(stream: Readable, callback: (line: string) => void, charsMax = LINE_CHARS_MAX): void {
  const decoder = new StringDecoder('utf8');
  let parts: string[] = [];
  let held = 0;
  const keep = (text: string): void => {
    const room = charsMax - held;
    if (room <= 0) return;
    parts.push(text.length <= room ? text : text.slice(0, room));
    held += Math.min(text.length, room);
  };
  const emit = (): void => {
    const line = parts.join('');
    parts = [];
    held = 0;
    callback(line);
  };
  const take = (text: string): void => {
    let from = 0;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', from)) {
      keep(text.slice(from, at));
      emit();
      from = at + 1;
    }
    if (from < text.length) keep(text.slice(from));
  };
  stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
  stream.on('end', () => {
    take(decoder.end());
    if (held > 0) emit();
  });
  stream.on('error', () => undefined);
}
