import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clearLeftNamespaces, Hosts, listNamespaces, namespacesMissing } from './namespaces.ts';

/**
 * Who is to be reached is waited for however busy the machine is; who is not, only for as long as it takes at leisure.
 */
const PATIENCE_MS = 20_000;
const CUT_OFF_MS = 500;

/** Whether a host reaches a port of another one, as `nc` would say. */
async function reaches(hosts: Hosts, from: string, to: string, withinMs = PATIENCE_MS): Promise<boolean> {
  const [server, client] = [
    `require('net').createServer().listen(7, '${hosts.address(to)}', () => console.log('ready'))`,
    `require('net').connect(7, '${hosts.address(to)}', () => process.exit(0));
     process.on('uncaughtException', () => process.exit(1));
     setTimeout(() => process.exit(1), ${withinMs})`,
  ];
  const start = (host: string, script: string) => {
    const [program = '', ...args] = hosts.command(host);
    return spawn(program, [...args, process.execPath, '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  };
  const listening = start(to, server);
  try {
    await once(listening.stdout, 'data');
    const [code] = await once(start(from, client), 'exit');
    return code === 0;
  } finally {
    listening.kill('SIGKILL');
    await once(listening, 'exit');
  }
}

const isCutOff = async (hosts: Hosts, from: string, to: string): Promise<boolean> =>
  !(await reaches(hosts, from, to, CUT_OFF_MS));

/** A process that makes hosts, says so, and waits for its end. */
function hostKeeper() {
  const module = fileURLToPath(new URL('./namespaces.js', import.meta.url));
  const script = `import { Hosts } from ${JSON.stringify(module)};
    Hosts.open(['a', 'b']); console.log('ready'); setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const namesOf = (pid: number | undefined): readonly string[] =>
  listNamespaces().filter((name) => name.startsWith(`privity-test.${pid}.`));

describe('hosts in network namespaces', () => {
  const missing = namespacesMissing();
  if (missing !== null) {
    it('cannot be made here', (t) => t.diagnostic(`left out: network namespaces (${missing})`));
    return;
  }

  it('reach each other until what one of them sends is lost, and are removed', async () => {
    const hosts = Hosts.open(['a', 'b', 'c']);
    try {
      assert.ok(await reaches(hosts, 'a', 'b'));
      // Of a connection, both directions are needed: it does not matter which one is lost.
      hosts.lose('b', 'a');
      assert.ok(await isCutOff(hosts, 'a', 'b'));
      assert.ok(await reaches(hosts, 'a', 'c'));
      hosts.deliver('b', 'a');
      assert.ok(await reaches(hosts, 'a', 'b'));
      hosts.part(['b', 'c']);
      assert.ok(await isCutOff(hosts, 'a', 'b'));
      assert.ok(await reaches(hosts, 'b', 'c'));
      hosts.plug('b', false);
      assert.ok(await isCutOff(hosts, 'c', 'b'));
    } finally {
      hosts.close();
    }
    assert.deepEqual(namesOf(process.pid), []);
  });

  it('are removed at Ctrl-C', async () => {
    const keeper = hostKeeper();
    await once(keeper.stdout, 'data');
    assert.equal(namesOf(keeper.pid).length, 3);
    keeper.kill('SIGINT');
    assert.deepEqual(await once(keeper, 'exit'), [null, 'SIGINT']);
    assert.deepEqual(namesOf(keeper.pid), []);
  });

  it('of a test that was killed are found and removed by the next', async () => {
    const keeper = hostKeeper();
    await once(keeper.stdout, 'data');
    assert.ok(!clearLeftNamespaces().some((name) => namesOf(keeper.pid).includes(name)), 'it is alive');
    keeper.kill('SIGKILL');
    await once(keeper, 'exit');
    assert.equal(namesOf(keeper.pid).length, 3);
    assert.equal(clearLeftNamespaces().filter((name) => name.includes(`.${keeper.pid}.`)).length, 3);
    assert.deepEqual(namesOf(keeper.pid), []);
  });
});
