import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { Block } from '../tidy/pages.ts';

/** A command of a page takes seconds; one that takes longer hangs, and its whole process group is killed. */
const BLOCK_TIMEOUT_MS = 60_000;

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
  /** The folder in which the shell ended, where the page's next block goes on. */
  readonly cwd: string;
}

/** The shell writes where it is to this descriptor when it ends. */
const CWD_DESCRIPTOR = 3;

/** Runs shell text with an environment; a block that overstays is killed with all that it started. */
export function shell(text: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', `set -euo pipefail\ntrap 'pwd >&${CWD_DESCRIPTOR}' EXIT\n${text}`], {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    let output = '';
    let end = '';
    const keep = (piece: string): void => {
      output += piece;
    };
    child.stdout?.setEncoding('utf8').on('data', keep);
    child.stderr?.setEncoding('utf8').on('data', keep);
    const position = child.stdio[CWD_DESCRIPTOR];
    if (position instanceof Readable) {
      position.setEncoding('utf8').on('data', (piece: string) => {
        end += piece;
      });
    }
    const timer = setTimeout(() => {
      output += `\n(killed after ${BLOCK_TIMEOUT_MS / 1000} s)`;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, BLOCK_TIMEOUT_MS);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output, cwd: end.trim() || cwd });
    });
  });
}

/** One thing to do for a page: a block alone, or several that belong to different terminals and run together. */
export interface Scene {
  readonly blocks: readonly Block[];
  /** The output that the page shows, if it shows one. */
  readonly expected: string | undefined;
}

/**
 * The runnable part of a page: blocks marked `sh run`, in order. Neighbours marked `sh run together` run at the same
 * time. A block marked `text output` behind one says what it prints.
 */
export function scenes(blocksOfPage: readonly Block[]): Scene[] {
  const found: { blocks: Block[]; expected: string | undefined }[] = [];
  let open = false;
  for (const block of blocksOfPage) {
    const last = found.at(-1);
    if (block.language === 'sh' && /^run\b/.test(block.info)) {
      const together = /\btogether\b/.test(block.info);
      if (together && open && last !== undefined) last.blocks.push(block);
      else found.push({ blocks: [block], expected: undefined });
      open = together;
    } else if (block.language === 'text' && block.info === 'output' && last !== undefined) {
      last.expected = block.text;
      open = false;
    }
  }
  return found;
}

/**
 * The first line of the expected text that does not occur in the output, in order. `…` stands for anything, and runs of
 * blanks are equal: pages show what is printed, not how wide the terminal was.
 */
export function missingLine(expected: string, output: string): string | undefined {
  const plain = stripVTControlCharacters(output).split('\n').map(squeeze);
  let at = 0;
  for (const line of expected.split('\n').map(squeeze)) {
    if (line === '' || line === '…') continue;
    const pattern = new RegExp(`^${line.split('…').map(literally).join('.*')}$`);
    const index = plain.findIndex((actual, position) => position >= at && pattern.test(actual));
    if (index === -1) return line;
    at = index + 1;
  }
  return undefined;
}

const squeeze = (line: string): string => line.replace(/\s+/g, ' ').trim();

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Ports that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer().once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
