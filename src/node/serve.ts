/** A node with its API, as a process runs it until it is asked to stop. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deferred } from '../base/deferred.ts';
import { ignored } from '../base/ignored.ts';
import { systemClock, systemRandom } from '../base/system.ts';
import { formatAddress } from '../config/address.ts';
import type { NodeConfig } from '../config/node-file.ts';
import { writePrivate } from '../record/record-file.ts';
import { Changes } from './api/changes.ts';
import { dataRoutes } from './api/routes/data.ts';
import { nodeRoutes } from './api/routes/node.ts';
import { proposalRoutes } from './api/routes/proposals.ts';
import { ruleRoutes } from './api/routes/rules.ts';
import { runRoutes } from './api/routes/runs.ts';
import { openApiServer } from './api/server.ts';
import { ADMIN_TOKEN_FILE, API_FILE } from './client/file-names.ts';
import { PrivityNode } from './node.ts';

/** Of the token that a node makes for the person who has installed it. */
const ADMIN_TOKEN_MS = 10 * 365 * 24 * 60 * 60 * 1000;

export interface ServeOptions {
  readonly config: NodeConfig;
  readonly entry: string;
  readonly warn: (message: string) => void;
}

export interface NodeService {
  readonly node: PrivityNode;
  /** Where the API listens. */
  readonly url: string;
  /** Somebody has asked over the API; whether the port is given up, too. Rejects when the store is lost. */
  readonly asked: Promise<{ readonly port: boolean }>;
  /** Runs go on. */
  close(port: boolean): Promise<void>;
}

/** @throws what `PrivityNode.start` and `openApiServer` throw */
export async function serveNode({ config, entry, warn }: ServeOptions): Promise<NodeService> {
  const changes = new Changes(systemClock);
  const asked = deferred<{ port: boolean }>();
  const node = await PrivityNode.start({
    onLost: (error) => asked.reject(error),
    config,
    entry,
    warn,
    changed: (topic, id) => changes.tell(topic, id),
  });
  void ignored(asked.promise, 'the one that serves hears it');
  let isReady = true;
  try {
    await haveAdminToken(node);
    const routes = [
      ...nodeRoutes(node, (port) => asked.resolve({ port })),
      ...dataRoutes(node),
      ...proposalRoutes(node),
      ...ruleRoutes(node),
      ...runRoutes(node),
    ];
    const api = await openApiServer({
      listen: config.api,
      routes,
      checkToken: (text) => node.store.tokens.check(text, node.clock.wallTime()),
      changes,
      isReady: () => isReady,
    });
    const url = `http://${formatAddress(api.listen)}`;
    await writePrivate(config.state, API_FILE, `${JSON.stringify({ url, pid: process.pid })}\n`);
    return {
      node,
      url,
      asked: asked.promise,
      async close(port) {
        isReady = false;
        await api.close();
        await node.close(port);
      },
    };
  } catch (error) {
    await node.close(true);
    throw error;
  }
}

/** The first token, in a file that only the user of the node can read: with it the others are made. */
async function haveAdminToken({ store, config }: PrivityNode): Promise<void> {
  const file = join(config.state, ADMIN_TOKEN_FILE);
  const now = systemClock.wallTime();
  const known = await readFile(file, 'utf8').catch(() => '');
  if ((await store.tokens.check(known.trim(), now)).isValid) return;
  await mkdir(config.state, { recursive: true, mode: 0o700 });
  const made = await store.change(async (tx) => {
    const token = await tx.tokens.create(systemRandom, {
      name: 'admin',
      role: 'admin',
      at: now,
      expiresAt: now + ADMIN_TOKEN_MS,
    });
    await tx.audit.add({
      at: now,
      by: 'node',
      what: 'token.made',
      about: token.token.id,
      detail: { name: 'admin', role: 'admin' },
    });
    return token;
  });
  await writeFile(file, `${made.text}\n`, { mode: 0o600 });
}
