/**
 * `privity/control`: what programs need that start runs and ask nodes. `run` is this party's part of a run, `local` all
 * parties on this machine. A job imports `privity`, never this.
 */

export * from '../node/client/public.ts';
export type { LocalEnd, PartyEnd, RunEnd, Verdict } from './ends.ts';
export { type LocalOptions, local } from './local.ts';
export type { CommonOptions } from './options.ts';
export { type RunOptions, run } from './run.ts';
export type { Running } from './running.ts';
