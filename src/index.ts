/** The public surface of Privity. */
export * from './program/public.ts';
