/**
 * An approver's rehearsals: the job of a proposal runs on made-up rows in a sandbox, before anybody here has approved
 * it, and what it disclosed there is compared with the contract of the proposal.
 */
import { join } from 'node:path';
import { EnvironmentError, PrivityError, UsageError } from '../../base/errors.ts';
import type { Clock } from '../../contracts/index.ts';
import type { PublishedSchema } from '../../data/published-schema.ts';
import { compareContracts, comparedChars } from '../../observe/contract/compare.ts';
import { type Contract, readContract } from '../../observe/contract/contract.ts';
import {
  type BySetting,
  REHEARSED_ROWS,
  REHEARSED_SEEDS,
  type TableToMake,
} from '../../simulation/rehearse/rehearse.ts';
import { findSandbox } from '../../supervisor/sandbox/launch.ts';
import { HOW_TO_HAVE_IT, TRIED } from '../../supervisor/sandbox/policy.ts';
import { unpackBundle } from '../model/bundle.ts';
import { NODE_LIMITS } from '../model/limits.ts';
import type { ProposalDocument } from '../model/proposal.ts';
import { rehearseConfined } from '../rehearsal/rehearsal-process.ts';
import type { RehearsalRequest } from '../rehearsal/words.ts';
import type { RunFolders } from '../runs/run-folders.ts';
import type { NodeStore } from '../store/store.ts';
import type { OpenProposal } from './open-proposal.ts';
import type { Packages } from './packages.ts';
import type { Publishing } from './publishing.ts';

/** `same`: it discloses what the contract allows. `more`: also something else. `less`: not all that it allows. */
/** `unknown`: no run came to its end, and what was seen of them is within the contract. */
export const REHEARSAL_OUTCOMES = ['same', 'more', 'less', 'unknown'] as const;

export interface Rehearsed {
  readonly outcome: (typeof REHEARSAL_OUTCOMES)[number];
  /** What the contract does not allow, in sentences. */
  readonly more: readonly string[];
  /** What it allows, and the rehearsal has not shown. */
  readonly less: readonly string[];
  /** What the rehearsal says of itself. */
  readonly warnings: readonly string[];
  /** What its code has tried, and its sandbox has refused. */
  readonly tried: readonly string[];
  readonly rows: readonly number[];
  readonly runs: number;
  /** Of these. */
  readonly completed: number;
  readonly tookMs: number;
}

export interface RehearsalAsked {
  /** Columns of tables that this node knows nothing of, or that are to be taken in place of what it knows. */
  readonly schemas?: BySetting<PublishedSchema> | undefined;
  readonly rows?: readonly number[] | undefined;
  readonly seeds?: number | undefined;
}

export interface RehearsalsParts {
  readonly self: string;
  readonly store: NodeStore;
  readonly clock: Clock;
  readonly folders: RunFolders;
  readonly packages: Pick<Packages, 'check'>;
  readonly publishing: Publishing;
  readonly bundleOf: (digest: string) => Promise<Uint8Array>;
}

/** What its audit line is called. */
export const REHEARSED = 'proposal.rehearsed';

export class Rehearsals {
  readonly #parts: RehearsalsParts;
  readonly #running = new Map<AbortController, Promise<unknown>>();
  #begun = 0;

  constructor(parts: RehearsalsParts) {
    this.#parts = parts;
  }

  /**
   * @throws {EnvironmentError} PRIVITY_SANDBOX_MISSING
   * @throws {UsageError} PRIVITY_REHEARSAL_BUSY, PRIVITY_REHEARSAL_LIMIT, PRIVITY_CONTRACT_NOT_REHEARSED,
   *   PRIVITY_JOB_PACKAGE
   * @throws the reason of `signal`
   */
  async rehearse(
    open: OpenProposal,
    asked: RehearsalAsked,
    by: string,
    signal: AbortSignal,
  ): Promise<Rehearsed> {
    if (this.#running.size >= NODE_LIMITS.rehearsalsAtOnceMax)
      throw new UsageError('PRIVITY_REHEARSAL_BUSY', 'another proposal is being rehearsed at this node');
    const ending = new AbortController();
    const rehearsing = this.#noted(open, asked, by, AbortSignal.any([signal, ending.signal]));
    this.#running.set(ending, rehearsing);
    try {
      return await rehearsing;
    } finally {
      this.#running.delete(ending);
    }
  }

  /** The node ends, and with it what is rehearsed. */
  async close(): Promise<void> {
    const running = [...this.#running];
    for (const [ending] of running)
      ending.abort(
        new EnvironmentError('PRIVITY_NODE_NOT_RUNNING', 'the node ends, and its rehearsal with it'),
      );
    await Promise.allSettled(running.map(([, rehearsing]) => rehearsing));
  }

  /** With a line of the audit log, whatever comes of it. */
  async #noted(
    open: OpenProposal,
    asked: RehearsalAsked,
    by: string,
    signal: AbortSignal,
  ): Promise<Rehearsed> {
    try {
      const rehearsed = await this.#rehearse(open, asked, signal);
      const { outcome, more, less } = rehearsed;
      await this.#note(open.id, by, { outcome, more: more.length, less: less.length });
      return rehearsed;
    } catch (error) {
      const code = error instanceof PrivityError ? error.code : null;
      await this.#note(open.id, by, signal.aborted ? { outcome: 'stopped' } : { outcome: 'failed', code });
      throw error;
    }
  }

  async #rehearse(open: OpenProposal, asked: RehearsalAsked, signal: AbortSignal): Promise<Rehearsed> {
    const { clock, folders, packages, bundleOf } = this.#parts;
    const { document } = open.proposal;
    const begun = clock.now();
    const contract = readContract(document.contract);
    const tables = await this.#tables(document, asked.schemas ?? {});
    const bundle = await bundleOf(document.job.bundle);
    const found = await packages.check(document, open.id, bundle);
    const path = await sandbox();
    this.#begun += 1;
    const name = `rehearsal-${this.#begun}`;
    try {
      const code = await folders.layOut(name, unpackBundle(bundle), found);
      const { said, tried } = await rehearseConfined({
        path,
        folder: folders.work(name),
        code,
        request: {
          job: join(code[0], document.job.file),
          args: document.args,
          tables,
          outputs: document.outputs,
          ...sizes(contract, asked),
        },
        bounds: {
          ms: NODE_LIMITS.rehearsalMs,
          memoryBytes: NODE_LIMITS.rehearsalMemoryBytesMax,
          diskBytes: NODE_LIMITS.rehearsalDiskBytesMax,
          answerBytes: NODE_LIMITS.rehearsalAnswerBytesMax,
        },
        clock,
        signal,
      });
      if (said.type === 'failed') throw new UsageError('PRIVITY_CONTRACT_NOT_REHEARSED', said.message);
      return {
        ...compared(contract, said.contract),
        warnings: said.warnings,
        tried: tried.map((what) => TRIED[what]),
        rows: said.contract.rehearsed?.rows ?? [],
        runs: said.contract.rehearsed?.runs ?? 0,
        completed: said.contract.rehearsed?.completed ?? 0,
        tookMs: clock.now() - begun,
      };
    } finally {
      await folders.clear(name);
    }
  }

  /** Columns of each table: what the approver says, then what this node knows itself, then what the proposal says. */
  async #tables(
    document: ProposalDocument,
    given: BySetting<PublishedSchema>,
  ): Promise<BySetting<TableToMake>> {
    const { self, store, publishing } = this.#parts;
    const tables: Record<string, Record<string, TableToMake>> = {};
    for (const [party, names] of Object.entries(document.datasets)) {
      const published = party === self ? [] : await publishing.of(party);
      for (const [setting, name] of Object.entries(names)) {
        const known =
          party === self
            ? (await store.datasets.get(name))?.schema
            : published.find((one) => one.name === name)?.schema;
        const schema = given[party]?.[setting] ?? known ?? document.schemas?.[party]?.[setting];
        if (schema === undefined) throw unknown(document, party, setting, name);
        tables[party] = { ...tables[party], [setting]: { schema, file: 'table.parquet' } };
      }
    }
    return tables;
  }

  async #note(about: string, by: string, detail: Readonly<Record<string, unknown>>): Promise<void> {
    const { store, clock } = this.#parts;
    await store.change((tx) => tx.audit.add({ at: clock.wallTime(), by, what: REHEARSED, about, detail }));
  }
}

/** Always in one, whatever the policy for runs is: what runs was approved by somebody. */
async function sandbox(): Promise<string> {
  const found = await findSandbox();
  if (found.kind === 'bubblewrap') return found.path;
  throw new EnvironmentError(
    'PRIVITY_SANDBOX_MISSING',
    `no sandbox: ${found.reason}. Code that nobody here has approved runs in none but a sandbox, whatever \`sandbox\` in the node file says. To have one, ${HOW_TO_HAVE_IT}`,
  );
}

/** Those of the proposer's rehearsal, so that both can come to the same. */
function sizes({ rehearsed }: Contract, asked: RehearsalAsked): Pick<RehearsalRequest, 'rows' | 'seeds'> {
  const theirs = rehearsed?.rows ?? [];
  const rows = theirs.length > 0 ? theirs : REHEARSED_ROWS;
  const each = rehearsed && theirs.length > 0 ? Math.ceil(rehearsed.runs / theirs.length) : REHEARSED_SEEDS;
  return { rows: asked.rows ?? rows, seeds: asked.seeds ?? each };
}

function compared(contract: Contract, made: Contract): Pick<Rehearsed, 'outcome' | 'more' | 'less'> {
  if (comparedChars(contract, made) > NODE_LIMITS.comparedCharsMax)
    throw new UsageError(
      'PRIVITY_REHEARSAL_LIMIT',
      `the contract of the proposal and that of the rehearsal have too many entries of the same steps to be compared (more than ${NODE_LIMITS.comparedCharsMax} characters, entry with entry)`,
    );
  const { more, less } = compareContracts(contract, made);
  const within = less.length > 0 ? 'less' : 'same';
  // What failed early has shown nothing: one argument would make a contract look kept.
  const isShown = (made.rehearsed?.completed ?? 0) > 0;
  return {
    outcome: more.length > 0 ? 'more' : isShown ? within : 'unknown',
    more: more.map(({ text }) => text),
    less: less.map(({ text }) => text),
  };
}

const unknown = ({ proposer }: ProposalDocument, party: string, setting: string, name: string): UsageError =>
  new UsageError(
    'PRIVITY_CONTRACT_NOT_REHEARSED',
    `nothing is known here of the columns of ${party}.${setting} (the dataset ${name} of ${party}): ask ${proposer} to propose with --schema, or give a file with --schema`,
  );
