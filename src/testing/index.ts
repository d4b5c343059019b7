/**
 * `privity/testing`: what tests of jobs, protocols and transports need. `explore` runs a job of several parties under many faults in a
 * simulated world. Protocol code that sees the world as a `Channel` runs here in one process, in memory, as between organisations.
 */
export type { Body, Channel, Link, LinkHandlers, LinkState, MessageSink } from '../contracts/index.ts';
export * from '../simulation/index.ts';
export {
  type MemoryChannelOptions,
  type MemoryChannels,
  memoryChannels,
  type Tap,
} from './memory-channel.ts';
export { type CrossedMessage, type MemoryLinks, memoryLinks } from './memory-link.ts';
