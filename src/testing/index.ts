/**
 * `privity/testing`: what tests of protocols and transports need. Protocol code that sees the world as a `Channel` runs here
 * in one process, in memory, as it would between organisations.
 */
export type { Body, Channel, Link, LinkHandlers, LinkState, MessageSink } from '../contracts/index.ts';
export {
  type MemoryChannelOptions,
  type MemoryChannels,
  memoryChannels,
  type Tap,
} from './memory-channel.ts';
export { type CrossedMessage, type MemoryLinks, memoryLinks } from './memory-link.ts';
