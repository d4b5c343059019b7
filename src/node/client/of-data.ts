import { z } from 'zod';
import { datasetView, done, grantView, usedGrantView } from '../api/words.ts';
import type { DatasetView, Done, GrantOptions, GrantView, Rows, UsedGrantView } from './answers.ts';
import { type Asking, answering } from './asking.ts';

const doneAnswer = answering<Done>()(done);
const datasetAnswer = answering<DatasetView>()(datasetView);
const datasetsAnswer = answering<Rows<DatasetView>>()(z.object({ rows: z.array(datasetView) }));
const grantAnswer = answering<GrantView>()(grantView);
const usedGrantAnswer = answering<UsedGrantView>()(usedGrantView);
const grantsAnswer = answering<Rows<GrantView>>()(z.object({ rows: z.array(grantView) }));

/** A table that is published under a name. */
export interface DatasetOptions {
  /** Small letters, digits, `-` and `_`, a letter first. */
  readonly name: string;
  /** Where it is, such as `{ kind: 'file', path: '/data/orders.csv' }`; paths are those of the node. */
  readonly source: unknown;
  /** Who answers for it. Default: who asks. */
  readonly owner?: string | undefined;
  /** For people. */
  readonly description?: string | undefined;
  /** What is published beside names and types of columns, as the file of `privity datasets add --publish` has it. */
  readonly publish?: unknown;
}

/** Tables of the party under names. */
export class DatasetCalls {
  readonly #ask: Asking;

  /** @internal */
  constructor(ask: Asking) {
    this.#ask = ask;
  }

  /** This party's datasets. Right: `read`. */
  list(): Promise<Rows<DatasetView>> {
    return this.#ask.json({ method: 'get', path: '/datasets' }, datasetsAnswer);
  }

  /** One dataset. Right: `read`. @throws {PrivityError} PRIVITY_DATASET_UNKNOWN */
  show(name: string): Promise<DatasetView> {
    return this.#ask.json({ method: 'get', path: '/datasets/{name}', in: { name } }, datasetAnswer);
  }

  /**
   * Publishes a table under a name. Its source is looked at now, which takes minutes for a large one, and read before
   * each run. Right: `own`.
   *
   * @throws {PrivityError} PRIVITY_DATASET_EXISTS, PRIVITY_SOURCE_INVALID, PRIVITY_SOURCE_UNREADABLE and others
   */
  add(options: DatasetOptions): Promise<DatasetView> {
    return this.#ask.json({ method: 'post', path: '/datasets', body: options }, datasetAnswer);
  }

  /**
   * Removes a dataset; its grants end with it, the table stays. Right: `own`.
   *
   * @throws {PrivityError} PRIVITY_DATASET_UNKNOWN
   */
  remove(name: string): Promise<Done> {
    return this.#ask.json({ method: 'delete', path: '/datasets/{name}', in: { name } }, doneAnswer);
  }
}

/** Which grants. */
export interface GrantQuery {
  /** Only those of this dataset. */
  readonly dataset?: string | undefined;
  /** Only those for this partner. */
  readonly partner?: string | undefined;
}

/** What partners may ask of datasets. */
export class GrantCalls {
  readonly #ask: Asking;

  /** @internal */
  constructor(ask: Asking) {
    this.#ask = ask;
  }

  /** Grants, with uses and refusals so far. Right: `read`. */
  list(query: GrantQuery = {}): Promise<Rows<GrantView>> {
    return this.#ask.json({ method: 'get', path: '/grants', query }, grantsAnswer);
  }

  /**
   * Lets a partner ask for a dataset: which columns and rows, for what, how often, until when. Right: `own`.
   *
   * @throws {PrivityError} PRIVITY_DATASET_UNKNOWN, PRIVITY_COLUMN_MISSING, PRIVITY_PARTY_UNKNOWN, PRIVITY_API_INVALID
   */
  add(options: GrantOptions): Promise<GrantView> {
    return this.#ask.json({ method: 'post', path: '/grants', body: options }, grantAnswer);
  }

  /** One grant, with the runs that have used it. Right: `read`. @throws {PrivityError} PRIVITY_GRANT_UNKNOWN */
  show(id: string): Promise<UsedGrantView> {
    return this.#ask.json({ method: 'get', path: '/grants/{id}', in: { id } }, usedGrantAnswer);
  }

  /** Revokes a grant; runs that have begun go on. Right: `own`. @throws {PrivityError} PRIVITY_GRANT_UNKNOWN */
  revoke(id: string): Promise<Done> {
    return this.#ask.json({ method: 'delete', path: '/grants/{id}', in: { id } }, doneAnswer);
  }
}
