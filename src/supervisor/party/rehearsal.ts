/**
 * A rehearsal of the worst: this party's state machine goes through a failure with peers that exist only in memory,
 * over the real encoding, before it has to be fast. JavaScript compiles what has run; without this the first and only
 * failure of a process runs in the interpreter, several times slower. Costs some milliseconds while the job loads.
 */
import { setFlagsFromString } from 'node:v8';
import { initialState, step } from '../../coordination/machine.ts';
import { decodeMessage, encodeMessage } from '../../coordination/messages.ts';
import type { CoreConfig, CoreEvent, CoreState, Signer } from '../../coordination/types.ts';

/** Enough for the engine to compile the paths; more changed nothing when measured. */
const REHEARSALS = 40;

/**
 * Has V8 learn from a function's first call on, and not only when it has run for a while: what a failure needs runs
 * once. With this the last of three parties knows of an exception after 9 ms instead of 11 (two cores for all six
 * processes). For the whole process; a version of V8 that does not know the flag says so on standard error and goes on.
 */
export function learnAtOnce(): void {
  setFlagsFromString('--no-lazy-feedback-allocation');
}

/** Within the play nobody has a key. */
const trusting: Signer = { sign: () => '', accepts: () => true };

export function rehearse(config: CoreConfig): void {
  const size = Math.min(config.parties.length, 4);
  const parties = config.parties.slice(0, size);
  const { signer, self } = config;
  signer.accepts(self, 'rehearsal', signer.sign('rehearsal'));
  for (let i = 0; i < REHEARSALS; i++) playFailure(parties, { ...config, parties, self: 0 });
}

/** One run that starts, fails at its last party, and is decided by all. */
function playFailure(parties: readonly string[], config: CoreConfig): void {
  const cores: CoreState[] = parties.map((_, self) => initialState({ ...config, self, signer: trusting }, 0));
  const waiting: { to: number; event: CoreEvent }[] = [];
  const happen = (party: number, event: CoreEvent): void => {
    const core = cores[party];
    if (core === undefined) return;
    const { state, effects } = step(core, event, 0);
    cores[party] = state;
    for (const effect of effects) {
      if (effect.type !== 'send') continue;
      const message = decodeMessage(encodeMessage(effect.message, parties), parties);
      waiting.push({ to: effect.to, event: { type: 'received', peer: party, message } });
    }
  };
  const words = { protocol: '', version: '', federation: '', job: '', args: '', runId: '' };
  for (const party of parties.keys())
    happen(party, { type: 'loaded', hello: { ...words, nonce: `${party}` } });
  for (let next = waiting.shift(); next; next = waiting.shift()) happen(next.to, next.event);
  const origin = parties.at(-1) ?? '';
  const failure = {
    code: 'TASK_FAILED',
    origin,
    reporter: origin,
    stepId: '1',
    stepName: 's',
    incident: '0',
  } as const;
  happen(parties.length - 1, { type: 'failed', failure });
  for (let next = waiting.shift(); next; next = waiting.shift()) happen(next.to, next.event);
}
