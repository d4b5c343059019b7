/** The moments of a run at which a fault happens, as seen from outside: in events and in bytes that have passed. */
import { setTimeout as delay } from 'node:timers/promises';
import type { EventOf, Parties, Party } from './parties.ts';
import type { Fault, When } from './scenario.ts';

/** So much of a large value has passed when the fault happens: its transfer has begun and is far from its end. */
const TRANSFERRED_BYTES = 4_000_000;

type Moment = (parties: Parties, fault: Fault) => Promise<unknown>;

/** Not the reveal of its value, which bears the same name. */
const isWork = ({ name, kind }: EventOf<'step.started'>): boolean => name === 'work' && kind === 'task';

/** Every one of `whom` has begun its task "work"; where none of them has one to do, somebody else. */
const working: Moment = async (parties, { whom }) => {
  const work = parties.all.map((party) => party.event('step.started', isWork));
  const seen = whom.map(async (name) => {
    await Promise.race([parties.get(name).event('step.started', isWork), idle(parties, name)]);
  });
  for (const waiting of work) waiting.catch(() => undefined);
  await Promise.all(seen);
};

/** All are in the attempt: whoever was on the way to it would have failed outside of it. */
const attempting: Moment = async (parties, fault) => {
  await working(parties, fault);
  await Promise.all(parties.all.map((party) => party.event('step.started', ({ name }) => name === 'work')));
};

/** Somebody works, and this party has been through everything that comes before. */
async function idle(parties: Parties, name: string): Promise<void> {
  const others = parties.all.filter((party) => party.name !== name);
  await Promise.any(others.map((party) => party.event('step.started', isWork)));
  await parties.get(name).event('step.finished', (event) => event.kind === 'reveal');
}

const transferring: Moment = async (parties) => {
  const paths = parties.network?.around([]) ?? [];
  await Promise.any(paths.map((path) => path.forwarded('data', TRANSFERRED_BYTES)));
};

/** This party and all others have heard of each other. */
async function met(parties: Parties, name: string): Promise<void> {
  const others = parties.all.filter((party) => party.name !== name);
  const isUp = (by: Party, peer: string) =>
    by.event('peer.state', (event) => event.peer === peer && event.state === 'up');
  await Promise.all(others.flatMap((other) => [isUp(other, name), isUp(parties.get(name), other.name)]));
}

const logged =
  (message: string): Moment =>
  (parties, { whom }) =>
    Promise.all(whom.map((name) => parties.get(name).event('log', (event) => event.message === message)));

/** Some operations of an exchange are through, so the next ones are under way. */
const computing: Moment = (parties, { whom }) =>
  Promise.all(
    whom.map(async (name) => {
      const { stepId } = await parties.get(name).event('step.started', ({ kind }) => kind === 'exchange');
      await parties.get(name).event('step.progress', (event) => event.stepId === stepId && event.done > 0);
    }),
  );

const moments: Readonly<Record<When, Moment>> = {
  always: async () => undefined,
  'before the handshake': (parties, { whom }) =>
    Promise.all(
      whom.map((name) => parties.get(name).event('process.started', ({ role }) => role === 'program')),
    ),
  handshake: (parties, fault) =>
    Promise.all([logged('loading')(parties, fault), ...fault.whom.map((name) => met(parties, name))]),
  'mid-task': working,
  idle: working,
  'in attempt': attempting,
  'mid-transfer': transferring,
  'at reveal': transferring,
  'mid-psi': (parties, { whom }) =>
    Promise.all(whom.map((name) => parties.get(name).event('step.progress', ({ done }) => done > 0))),
  'mid-secure-operation': computing,
  closing: logged('through'),
  'in clean-up': logged('cleaning up'),
  'after expiry': async (parties, fault) => {
    await working(parties, fault);
    await delay(Math.max(0, (parties.expiresAt ?? 0) - Date.now()));
  },
  // The last word of each is on its way: all have confirmed, and nobody can have heard the confirmation of another.
  'after READY': ({ all }) =>
    Promise.all(all.map((party) => party.event('log', ({ message }) => message === 'through'))),
};

/** Resolves when the moment has come. */
export async function until(parties: Parties, fault: Fault): Promise<void> {
  if (fault.what !== 'job' && fault.what !== 'setup') await moments[fault.when](parties, fault);
}
