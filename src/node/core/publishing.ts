/** What this party publishes of its datasets, and what partners have published: names, types and ranges, never rows. */
import type { Clock } from '../../contracts/index.ts';
import type { PublishedSchema } from '../../data/published-schema.ts';
import type { NodeMessage } from '../partners/words.ts';
import type { NodeStore } from '../store/store.ts';

/** Of all that one message says; a schema of a thousand columns has some 100 KB. */
const PUBLISHED_BYTES_MAX = 1.5 * 1024 * 1024;

export interface PublishedDataset {
  readonly name: string;
  readonly description: string;
  readonly schema: PublishedSchema;
}

export interface PublishingParts {
  readonly store: NodeStore;
  readonly clock: Clock;
  readonly tell: (partner: string, said: NodeMessage) => boolean;
  readonly warn: (message: string) => void;
}

export class Publishing {
  readonly #parts: PublishingParts;

  constructor(parts: PublishingParts) {
    this.#parts = parts;
  }

  /** Tells a partner what is published for it: datasets of which it has a grant. One that is off hears it later. */
  async tell(partner: string): Promise<void> {
    const { store, clock, tell, warn } = this.#parts;
    const now = clock.wallTime();
    const grants = await store.grants.list({ partner });
    const live = new Set(
      grants
        .filter(({ revokedAt, until }) => revokedAt === null && until > now)
        .map(({ dataset }) => dataset),
    );
    const all = (await store.datasets.list()).filter(({ name }) => live.has(name));
    const datasets: PublishedDataset[] = [];
    let bytes = 0;
    for (const { name, description, schema } of all) {
      bytes += JSON.stringify(schema).length + description.length;
      if (bytes > PUBLISHED_BYTES_MAX) {
        warn(
          `${partner} is told of ${datasets.length} of ${all.length} datasets: their schemas are too long for one message`,
        );
        break;
      }
      datasets.push({ name, description, schema });
    }
    tell(partner, { kind: 'published', datasets });
  }

  async heard(partner: string, datasets: readonly PublishedDataset[]): Promise<void> {
    const { store, clock } = this.#parts;
    await store.change(async (tx) => {
      await tx.partners.seen(partner, clock.wallTime(), { datasets });
    });
  }

  async of(partner: string): Promise<readonly PublishedDataset[]> {
    const row = await this.#parts.store.partners.get(partner);
    const link = row?.link as { readonly datasets?: readonly PublishedDataset[] } | null | undefined;
    return link?.datasets ?? [];
  }
}
