/** `privity datasets schemas`: what is known of datasets without seeing them, as a rehearsal takes it. */
import { stringify } from 'yaml';
import { UsageError } from '../../base/errors.ts';
import { jsonLine } from '../../base/steering.ts';
import type { PublishedSchema } from '../../data/published-schema.ts';
import type { NodeClient } from '../../node/client/client.ts';
import type { Shell } from '../shell.ts';
import { clientOf, type NodeFlags } from './ask.ts';
import { bySetting } from './propose.ts';

interface Published {
  readonly name: string;
  readonly schema: PublishedSchema;
}

export async function schemasCommand(
  shell: Shell,
  settings: readonly string[],
  flags: NodeFlags,
): Promise<number> {
  const client = await clientOf(shell, flags);
  const published = await publishedBy(client);
  const asked = bySetting('datasets schemas', settings, [...published.keys()]);
  const schemas: Record<string, Record<string, PublishedSchema>> = {};
  for (const [party, names] of Object.entries(asked))
    for (const [setting, name] of Object.entries(names)) {
      const found = published.get(party)?.find((one) => one.name === name);
      if (found === undefined) throw unknown(party, name, published.get(party) ?? []);
      schemas[party] = { ...schemas[party], [setting]: found.schema };
    }
  shell.out.write(flags.json ? jsonLine(schemas) : stringify(schemas));
  return 0;
}

async function publishedBy(client: NodeClient): Promise<ReadonlyMap<string, readonly Published[]>> {
  const { party } = await client.status();
  const own = await client.datasets.list();
  const { rows } = await client.partners();
  return new Map([[party, own.rows], ...rows.map(({ name, datasets }) => [name, datasets] as const)]);
}

function unknown(party: string, name: string, known: readonly Published[]): UsageError {
  const names = known.map((one) => one.name).join(', ');
  return new UsageError(
    'PRIVITY_DATASET_UNKNOWN',
    `${party} has published no dataset ${name} here; ${names === '' ? 'none at all' : `only ${names}`}`,
  );
}
