/** Makes the faults of a plan happen, each at its time. */
import type { EventQueue } from './event-queue.ts';
import type { Fault, Target } from './fault-plan.ts';
import type { SimNetwork } from './network.ts';
import type { SimProcess } from './process.ts';
import type { SimParty } from './sim-party.ts';

export interface Havoc {
  readonly queue: EventQueue;
  readonly network: SimNetwork;
  party(name: string): SimParty | undefined;
  /** The party will never go on by itself: nobody waits for its end. */
  frozenForEver(name: string): void;
  /** The fault has found something to act on. */
  happened(text?: string): void;
  note(text: string): void;
}

export function applyFault(fault: Fault, havoc: Havoc): void {
  const at = 'at' in fault ? fault.at : 0;
  havoc.queue.at(at, null, () => strike(fault, havoc));
}

function strike(fault: Fault, havoc: Havoc): void {
  const { queue, network } = havoc;
  const party = 'party' in fault ? havoc.party(fault.party) : undefined;
  const after = (forMs: number | null, run: () => void): void => {
    if (forMs !== null) queue.at(queue.now + forMs, null, run);
  };
  switch (fault.kind) {
    // Struck by the world, before the task begins.
    case 'throw':
      return;
    case 'crash':
      return crash(party, fault.target, false, havoc);
    case 'power-off':
      return crash(party, 'both', true, havoc);
    case 'freeze': {
      const frozen = processesOf(party, fault.target).filter((process) => process.isAlive);
      if (frozen.length === 0 || !party) return;
      havoc.happened();
      for (const process of frozen) process.freeze();
      if (fault.forMs === null && frozen.includes(party.supervisor)) havoc.frozenForEver(party.name);
      return after(fault.forMs, () => {
        havoc.note(`${fault.party} goes on`);
        for (const process of frozen) process.thaw();
      });
    }
    case 'cancel':
      if (!party?.supervisor.isAlive) return;
      havoc.happened();
      return party.supervisor.take(() => party.cancel());
    case 'partition': {
      const ways = fault.from.flatMap((a) =>
        fault.to.flatMap((b) => (fault.oneWay ? [[a, b] as const] : [[a, b] as const, [b, a] as const])),
      );
      havoc.happened();
      for (const [a, b] of ways) network.cut(a, b);
      return after(fault.forMs, () => {
        havoc.note(`the path between ${fault.from.join(', ')} and ${fault.to.join(', ')} is healed`);
        for (const [a, b] of ways) network.heal(a, b);
      });
    }
    case 'drop':
      havoc.happened();
      return network.drop(...fault.between);
    case 'slow': {
      const [a, b] = fault.between;
      havoc.happened();
      for (const [from, to] of [[a, b] as const, [b, a] as const]) {
        network.slow(from, to, fault.byMs);
        after(fault.forMs, () => network.slow(from, to, -fault.byMs));
      }
      return;
    }
    case 'clock-drift':
      havoc.happened();
      for (const process of processesOf(party, 'both')) process.drift(fault.rate);
      if (party) party.clockRate = fault.rate;
      return;
    case 'clock-jump':
      havoc.happened();
      for (const process of processesOf(party, 'both')) process.jump(fault.byMs);
      return;
    case 'disk-full':
      if (!party) return;
      havoc.happened();
      party.disk.isFull = true;
      return;
    // The mailbox was made so from the start.
    case 'tight-memory':
      havoc.happened();
  }
}

function crash(party: SimParty | undefined, target: Target, powerOff: boolean, havoc: Havoc): void {
  const targets = processesOf(party, target).filter((process) => process.isAlive);
  if (targets.length === 0 || !party) return;
  havoc.happened();
  // The program first: with its supervisor gone it would notice.
  for (const process of targets) {
    if (process.role === 'program')
      party.program?.end({ code: null, signal: 'SIGKILL', outOfMemory: false }, powerOff);
  }
  if (target !== 'program') party.supervisor.die(powerOff);
}

function processesOf(party: SimParty | undefined, target: Target): readonly SimProcess[] {
  if (!party) return [];
  const program = party.program ? [party.program.process] : [];
  if (target === 'program') return program;
  return target === 'supervisor' ? [party.supervisor] : [...program, party.supervisor];
}
