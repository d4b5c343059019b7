/** Who is measured, and how both parties of each are started: one command a party, a table in, a result out. */
import { join } from 'node:path';
import { psiProtocols } from '../../../src/psi/protocols/index.ts';
import type { PrintedLine } from '../failures/observed-party.ts';
import { writePartyFiles } from '../party-files.ts';
import { SIDES, type Side } from './data.ts';

export interface Place {
  /** Of this run alone. */
  readonly folder: string;
  readonly tables: Readonly<Record<Side, string>>;
  readonly results: Readonly<Record<Side, string>>;
  /** Where each side listens, and where the other finds it: the relay that counts. */
  readonly ports: Readonly<Record<Side, { readonly own: number; readonly seen: number }>>;
}

export interface Command {
  readonly argv: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Milliseconds of wall clock. */
export interface Inside {
  readonly begin: number;
  readonly end: number;
}

export interface Contestant {
  /** What `--systems` calls it. */
  readonly key: SystemKey;
  readonly system: string;
  readonly protocol: string;
  /** Of a slow one: how many times fewer rows than `--slow-max` it is measured at. */
  readonly slow?: number;
  commands(place: Place): Promise<Readonly<Record<Side, Command>>>;
  /** When a party had its link and began with its file, and when its result was written, by what it has printed. */
  insideOf(lines: readonly PrintedLine[]): Inside | null;
}

export const systemKeys = ['privity', 'spu', 'psi.js'] as const;
export type SystemKey = (typeof systemKeys)[number];

/** Where everything is; what is not installed is not there. */
export interface Installed {
  readonly privity: { readonly cli: string; readonly job: string };
  readonly spu?: { readonly python: string; readonly program: string };
  readonly openmined?: { readonly modules: string; readonly program: string };
}

/** Diffie-Hellman at this many rows takes the slowest of them most of a minute. */
export const SLOW_ROWS_MAX = 40_000;

const each = <T>(make: (side: Side) => T): Record<Side, T> => ({ alice: make('alice'), bob: make('bob') });

function privity({ cli, job }: Installed['privity'], protocol: string): Contestant {
  return {
    ...{ key: 'privity', system: 'Privity', protocol },
    ...(protocol === 'dh' ? { slow: 1 } : {}),
    async commands({ folder, tables, results, ports }) {
      const parties = SIDES.map((name) => ({ name, port: ports[name].own, seenAt: ports[name].seen }));
      await writePartyFiles(folder, parties);
      return each((side) => ({
        argv: [
          ...[process.execPath, cli, 'run', job, '--config', join(folder, `${side}.yaml`), '--json'],
          ...['--arg', `protocol=${protocol}`, '--setting', `${side}.table=${tables[side]}`],
          ...['--setting', `${side}.result=${results[side]}`],
        ],
        env: { XDG_STATE_HOME: join(folder, 'state'), NO_COLOR: '1' },
      }));
    },
    insideOf(lines) {
      const events = objectsIn(lines);
      const timesOf = (name: string): number[] =>
        events.filter(({ event }) => event === name).map(({ time }) => Date.parse(String(time)));
      const [begun, ended] = [timesOf('step.started'), timesOf('step.finished')];
      if (begun.length === 0 || ended.length === 0) return null;
      return { begin: Math.min(...begun), end: Math.max(...ended) };
    },
  };
}

/** What a program of the others prints last. */
function saidInside(lines: readonly PrintedLine[]): Inside | null {
  const last = objectsIn(lines).at(-1);
  return typeof last?.begin === 'number' && typeof last.end === 'number'
    ? { begin: last.begin, end: last.end }
    : null;
}

function spu({ python, program }: NonNullable<Installed['spu']>): readonly Contestant[] {
  const one = (protocol: string, [kind, curve]: readonly [string, string], slow?: number): Contestant => ({
    ...{ key: 'spu', system: 'SPU 0.9.5', protocol, insideOf: saidInside },
    ...(slow === undefined ? {} : { slow }),
    async commands({ folder, tables, results, ports }) {
      return each((side) => {
        const addresses = SIDES.map(
          (other) => `127.0.0.1:${other === side ? ports[other].own : ports[other].seen}`,
        );
        const args = [
          String(SIDES.indexOf(side)),
          addresses.join(),
          kind,
          curve,
          tables[side],
          results[side],
          folder,
        ];
        return { argv: [python, program, ...args], env: { PYTHONUNBUFFERED: '1' } };
      });
    },
  });
  return [
    one('RR22', ['RR22', '25519']),
    one('KKRT', ['KKRT', '25519']),
    one(SAME_CURVE, ['ECDH', '25519_ELLIGATOR2'], 1),
    one('ECDH, Curve25519', ['ECDH', '25519'], 1),
    one('ECDH, FourQ', ['ECDH', 'FOURQ'], 1),
  ];
}

/** SPU's protocol on the curve, and with the map to it, of Privity's `dh`. */
export const SAME_CURVE = 'ECDH, Curve25519 with Elligator 2';

function openmined({ modules, program }: NonNullable<Installed['openmined']>): Contestant {
  return {
    ...{ key: 'psi.js', system: 'psi.js 2.0.6', protocol: 'ECDH, P-256', slow: 4, insideOf: saidInside },
    async commands({ tables, results, ports }) {
      const argv = (side: Side, role: string, port: number): Command => ({
        argv: [process.execPath, program, modules, role, String(port), tables[side], results[side]],
      });
      return {
        alice: argv('alice', 'client', ports.bob.seen),
        bob: argv('bob', 'server', ports.bob.own),
      };
    },
  };
}

/** Privity has all protocols that the product has; a new one is measured without a word here. */
export function contestantsOf(installed: Installed): readonly Contestant[] {
  return [
    ...Object.keys(psiProtocols).map((protocol) => privity(installed.privity, protocol)),
    ...(installed.spu === undefined ? [] : spu(installed.spu)),
    ...(installed.openmined === undefined ? [] : [openmined(installed.openmined)]),
  ];
}

/** The sizes at which one is measured: slow ones at what they can do, and at those below. */
export function sizesOf(
  { slow }: Pick<Contestant, 'slow'>,
  sizes: readonly number[],
  slowMax: number,
): number[] {
  if (slow === undefined) return [...sizes];
  const most = Math.max(2, Math.floor(slowMax / slow));
  return [...new Set([...sizes.filter((size) => size <= most), most])].sort((a, b) => a - b);
}

function objectsIn(lines: readonly PrintedLine[]): Record<string, unknown>[] {
  return lines.flatMap(({ stream, text }) => {
    if (stream !== 'out' || !text.startsWith('{')) return [];
    try {
      return [JSON.parse(text) as Record<string, unknown>];
    } catch {
      return [];
    }
  });
}
