/** Bob, as somebody who has his real key and says what he likes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, systemRandom } from '../../src/base/system.ts';
import { readFederationFile } from '../../src/config/federation-file.ts';
import { type Signing, signingOf } from '../../src/node/core/signing.ts';
import { NODE_NAME } from '../../src/node/opening.ts';
import { NODE_MESSAGE_BOUND } from '../../src/node/partners/words.ts';
import { createConnector } from '../../src/supervisor/planes/connector.ts';
import { createGrpcTransport, listenPort } from '../../src/transport/index.ts';

interface Said {
  readonly id?: string;
  readonly said: {
    readonly kind: string;
    readonly id?: string;
    readonly nth?: number;
    readonly refused?: { readonly code: string };
  };
}

export interface FalsePartner {
  readonly signing: Signing;
  /** All that alice's node has said. */
  readonly heard: readonly Said[];
  say(said: object, id?: string, body?: Uint8Array): void;
  /** The code with which alice refuses a message; undefined: she has taken it. */
  answer(id: string): Promise<string | undefined>;
  hears(fits: (said: Said) => boolean): Promise<Said>;
  close(): Promise<void>;
}

/** @param folder of a lone node */
export async function falsePartner(folder: string): Promise<FalsePartner> {
  const federation = await readFederationFile(join(folder, 'federation.yaml'));
  const certPem = await readFile(join(folder, 'bob', 'cert.pem'), 'utf8');
  const keyPem = await readFile(join(folder, 'bob', 'key.pem'), 'utf8');
  const transport = createGrpcTransport({
    self: 'bob',
    parties: federation.parties,
    identity: { certPem, keyPem },
    clock: systemClock,
    runId: NODE_NAME,
  });
  const own = federation.parties.find(({ name }) => name === 'bob');
  const port = await listenPort({
    host: '127.0.0.1',
    port: own?.port ?? 0,
    party: 'bob',
    onSocket: ({ socket, head }) => transport.handleSocket(socket, head),
  });
  const connect = createConnector({
    transport,
    plane: 'control',
    order: federation.parties.map(({ name }) => name),
    limits: { headerBytesMax: NODE_MESSAGE_BOUND.bytesMax },
    loop: { clock: systemClock, random: systemRandom },
  });
  const heard: Said[] = [];
  const waiting = new Set<() => void>();
  const link = connect('alice', {
    onMessage(header) {
      heard.push(JSON.parse(Buffer.from(header).toString('utf8')) as Said);
      for (const look of [...waiting]) look();
      return { write: () => undefined, end: () => undefined, abort: () => undefined };
    },
  });
  const hears = (fits: (said: Said) => boolean): Promise<Said> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = heard.find(fits);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return {
    signing: signingOf(keyPem, federation.parties),
    heard,
    say(said, id, body) {
      const header = Buffer.from(JSON.stringify({ ...(id === undefined ? {} : { id }), said }));
      link.send(header, body === undefined ? [] : [body]).catch(() => undefined);
    },
    hears,
    answer: async (id) =>
      (await hears(({ said }) => said.kind === 'ack' && said.id === id)).said.refused?.code,
    async close() {
      await link.close();
      await transport.close();
      await port.close();
    },
  };
}
