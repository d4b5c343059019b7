/** A node in this process whose partner never comes: enough for what people ask of it. */
import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { systemClock } from '../../src/base/system.ts';
import { freePorts } from '../../src/cli/local/ports.ts';
import { formatFederation } from '../../src/config/federation-file.ts';
import { readNodeFile } from '../../src/config/node-file.ts';
import { NodeClient } from '../../src/node/client/client.ts';
import { ADMIN_TOKEN_FILE } from '../../src/node/client/file-names.ts';
import { tokenIn } from '../../src/node/client/find-node.ts';
import { type NodeService, serveNode } from '../../src/node/serve.ts';
import { createIdentity, fingerprint } from '../../src/transport/index.ts';

export interface LoneNode {
  /** Of now: another one after {@link again}. */
  readonly service: NodeService;
  readonly admin: NodeClient;
  readonly folder: string;
  /** Of another role. */
  client(name: string, role: string): Promise<NodeClient>;
  /** Ends it, and starts it anew on the same store, on which something may have been done meanwhile. */
  again(meanwhile?: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export interface LoneNodeOptions {
  /** Default: alice and bob. */
  readonly names?: readonly string[];
  /** Keys of the node file. */
  readonly words?: object;
  /** Before it starts. */
  readonly prepare?: (folder: string) => void;
}

/** Alice's, in a federation with others. */
export async function loneNode({
  names = ['alice', 'bob'],
  words: more = {},
  prepare,
}: LoneNodeOptions = {}): Promise<LoneNode> {
  const folder = await mkdtemp(join(tmpdir(), 'privity-node-'));
  const [api = 0, ...ports] = await freePorts('127.0.0.1', names.length + 1, (below) => randomInt(below));
  const members = await Promise.all(
    names.map(async (name, index) => {
      const { certPem, keyPem } = await createIdentity({ party: name, clock: systemClock });
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'cert.pem'), certPem);
      await writeFile(join(folder, name, 'key.pem'), keyPem);
      return { name, host: '127.0.0.1', port: ports[index] ?? 0, fingerprint: fingerprint(certPem) };
    }),
  );
  await writeFile(join(folder, 'federation.yaml'), formatFederation({ name: 'study', parties: members }));
  const party = {
    party: 'alice',
    federation: './federation.yaml',
    key: './alice/key.pem',
    certificate: './alice/cert.pem',
  };
  await writeFile(join(folder, 'party.yaml'), stringify(party));
  const words = { party: './party.yaml', state: './state', api: `127.0.0.1:${api}`, sandbox: 'off', ...more };
  await writeFile(join(folder, 'node.yaml'), stringify(words));
  prepare?.(folder);
  const config = await readNodeFile(join(folder, 'node.yaml'));
  const serve = (): Promise<NodeService> =>
    serveNode({ config, entry: 'never-started', warn: () => undefined });
  let service = await serve();
  const client = async (file: string): Promise<NodeClient> =>
    new NodeClient({ url: service.url, token: await tokenIn(file) });
  const admin = await client(join(config.state, ADMIN_TOKEN_FILE));
  return {
    get service() {
      return service;
    },
    admin,
    folder,
    async client(name, role) {
      const { text } = await admin.post<{ readonly text: string }>('/tokens', {
        name,
        role,
        validMs: 60_000,
      });
      return new NodeClient({ url: service.url, token: text });
    },
    async again(meanwhile) {
      await service.close(true);
      await meanwhile?.();
      service = await serve();
    },
    async close() {
      await service.close(true);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
