export type * from './channel.ts';
export type * from './clock.ts';
export type * from './link.ts';
export type * from './random.ts';
export type * from './transport.ts';
