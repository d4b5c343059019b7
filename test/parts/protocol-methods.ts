import type { Protocol } from '../../src/secure/protocols/protocol.ts';
import type { Evaluator } from '../../src/secure/session.ts';

/**
 * The same evaluator, and those of its fibers, over a protocol with other methods in place of some: to watch what
 * operations ask of a protocol, or to plant a defect.
 */
export function withMethods(on: Evaluator, methods: Partial<Protocol>): Evaluator {
  const protocol = new Proxy(on.protocol, {
    get(target, name: keyof Protocol) {
      const member = methods[name] ?? target[name];
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  const all: Evaluator['all'] = <T extends readonly unknown[]>(
    ...parts: { readonly [K in keyof T]: (on: Evaluator) => Promise<T[K]> }
  ) => {
    const over = parts.map((part) => (at: Evaluator) => part(withMethods(at, methods)));
    return on.all<T>(...(over as unknown as typeof parts));
  };
  return { ...on, protocol, all };
}
