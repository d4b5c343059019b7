/**
 * The public surface of Privity. `job` declares a program of several parties. In it, `alice.run` makes a task at alice,
 * `psi` intersects tables, `secure` opens a device that computes on secrets, and `reveal` tells everybody a value. All
 * else is what these take and give.
 */
export * from './program/public.ts';
