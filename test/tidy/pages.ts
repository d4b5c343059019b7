import { dirname, posix } from 'node:path';
import type { ProjectFile, Violation } from './project-files.ts';

/** A fenced block of a Markdown page. `info` is what stands behind the backticks, without the language. */
export interface Block {
  readonly path: string;
  readonly line: number;
  readonly language: string;
  readonly info: string;
  readonly text: string;
}

export const isPage = ({ path }: ProjectFile): boolean => path.endsWith('.md') && !path.startsWith('api/');

export function blocks(pages: readonly ProjectFile[]): Block[] {
  return pages.flatMap(({ path, text }) =>
    [...text.matchAll(/^```([a-z]*)[ \t]*([^\n]*)\n([\s\S]*?)^```$/gm)].map((match) => ({
      path,
      line: text.slice(0, match.index).split('\n').length,
      language: match[1] ?? '',
      info: (match[2] ?? '').trim(),
      text: match[3] ?? '',
    })),
  );
}

/** Names by which headings and explicit anchors of a page can be linked to, as GitHub makes them. */
function anchors(text: string): Set<string> {
  const seen = new Map<string, number>();
  const names = new Set<string>();
  for (const [, heading = ''] of withoutBlocks(text).matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/ /g, '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    names.add(count === 0 ? slug : `${slug}-${count}`);
  }
  for (const [, id = ''] of text.matchAll(/<a id="([^"]+)">/g)) names.add(id);
  return names;
}

const withoutBlocks = (text: string): string =>
  text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ''));

/** Links inside the project that lead nowhere: a missing file or a missing heading. */
export function brokenLinks(pages: readonly ProjectFile[], exists: (path: string) => boolean): Violation[] {
  const texts = new Map(pages.map((page) => [page.path, page.text]));
  return pages.flatMap(({ path, text }) =>
    [...withoutBlocks(text).matchAll(/\[[^\]]*\]\(([^)\s]+)[^)]*\)/g)].flatMap(([, target = '']) => {
      if (/^[a-z]+:/.test(target)) return [];
      const [file = '', anchor] = target.split('#');
      const full = file === '' ? path : posix.normalize(posix.join(dirname(path), decodeURI(file)));
      if (file !== '' && (full.startsWith('..') || !exists(full)))
        return [{ path, says: `link to ${target}: no such file` }];
      const page = texts.get(full);
      return anchor !== undefined && page !== undefined && !anchors(page).has(anchor)
        ? [{ path, says: `link to ${target}: no such heading` }]
        : [];
    }),
  );
}

/**
 * Files of this repository that pages name and that are not there. A decision names what was there on its day; a name
 * in capitals stands for others.
 */
export function missingFiles(pages: readonly ProjectFile[], exists: (path: string) => boolean): Violation[] {
  return pages
    .filter(({ path }) => !path.startsWith('docs/decisions/'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/`((?:src|test|bench|scripts|examples|kernels|proto|templates)\/[\w./-]+\.\w+)`/g)]
        .map(([, file = '']) => file)
        .filter((file) => !/\b[A-Z]+\b/.test(file) && !exists(file))
        .map((file) => ({ path, says: `${file}: no such file` })),
    );
}

/** Blocks marked `file=PATH` that are not the text of that file. */
export function staleCopies(
  pages: readonly ProjectFile[],
  read: (path: string) => string | undefined,
): Violation[] {
  return blocks(pages).flatMap(({ path, line, info, text }) => {
    const file = /(?:^| )file=(\S+)/.exec(info)?.[1];
    if (file === undefined || read(file) === text) return [];
    return [{ path, says: `line ${line}: the block is not the text of ${file}` }];
  });
}
