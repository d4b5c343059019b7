/**
 * What the code of one party's job finds in place of what is not the same for everyone: the clock and the timers of its
 * simulated process, seeded randomness, a console that writes to its supervisor, a `globalThis` of its own.
 */
import { AsyncResource } from 'node:async_hooks';
import * as crypto from 'node:crypto';
import type { performance as nodePerformance } from 'node:perf_hooks';
import { format, promisify } from 'node:util';
import type { Timer } from '../contracts/clock.ts';
import type { SimProcess } from './process.ts';

export interface Realm {
  /** By name; the code sees them as variables, and as properties of its `globalThis`. */
  readonly globals: Readonly<Record<string, unknown>>;
  /** Modules of Node that have a form of their own here, without `node:`. */
  readonly modules: Readonly<Record<string, unknown>>;
}

export interface RealmServices {
  readonly process: SimProcess;
  /** A line of the program's output. */
  print(line: string): void;
  exit(code: number): void;
}

type Performance = typeof nodePerformance;
type Crypto = crypto.webcrypto.Crypto;

/** Thrown by `process.exit`, so that nothing that follows it runs. The process is gone by then. */
class ProcessExit extends Error {}

export function createRealm(services: RealmServices): Realm {
  const timers = createTimers(services.process);
  const { clock, random } = services.process;
  const SimDate = class extends Date {
    constructor(...parts: unknown[]) {
      super(...((parts.length === 0 ? [clock.wallTime()] : parts) as [number]));
    }
    static override now(): number {
      return clock.wallTime();
    }
  };
  const performance = Object.create(globalThis.performance, {
    now: { value: () => clock.now() },
    timeOrigin: { value: clock.wallTime() },
  }) as Performance;
  const print = (...parts: unknown[]): void => services.print(format(...parts));
  const console = Object.assign(Object.create(globalThis.console) as Console, {
    log: print,
    info: print,
    debug: print,
    warn: print,
    error: print,
  });
  const globals: Record<string, unknown> = {
    setTimeout: timers.setTimeout,
    clearTimeout: timers.clear,
    setInterval: timers.setInterval,
    clearInterval: timers.clear,
    setImmediate: timers.setImmediate,
    clearImmediate: timers.clear,
    Date: SimDate,
    performance,
    console,
    Math: Object.create(Math, { random: { value: () => random.next() } }),
    crypto: seededWebCrypto(random),
    AbortSignal: abortSignalOn(services.process),
    process: processOf(services, performance),
  };
  const all = Object.create(globalThis, Object.getOwnPropertyDescriptors(globals)) as Record<string, unknown>;
  for (const name of ['globalThis', 'global'])
    Object.defineProperty(all, name, { value: all, writable: true, configurable: true });
  let own: object | undefined;
  return {
    globals: all,
    modules: {
      timers: {
        ...timers,
        clearTimeout: timers.clear,
        clearInterval: timers.clear,
        clearImmediate: timers.clear,
      },
      'timers/promises': timers.promises,
      // Made only for code that asks for it: a copy of all that Node has there.
      get crypto() {
        own ??= seededCrypto(random);
        return own;
      },
      perf_hooks: { performance },
      process: globals.process,
    },
  };
}

/** The names that {@link createRealm} gives. */
export const REALM_NAMES: readonly string[] = [
  ...['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'],
  ...['Date', 'performance', 'console', 'Math', 'crypto', 'AbortSignal', 'process', 'globalThis', 'global'],
];

type Callback = (...args: unknown[]) => void;

/** A timer as Node gives it: an object that can be cleared, and that may be told not to keep the process alive. */
class SimTimeout {
  timer: Timer | undefined;
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  [Symbol.dispose](): void {
    this.timer?.cancel();
  }
}

function createTimers(process: SimProcess) {
  const { clock } = process;
  const start = (again: boolean, callback: Callback, delayMs: unknown, args: unknown[]): SimTimeout => {
    const handle = new SimTimeout();
    // As with real timers, the code of the callback belongs to the step that set the timer.
    const bound = AsyncResource.bind(() => callback(...args));
    const delay = Math.max(1, Number(delayMs) || 0);
    const arm = (): void => {
      handle.timer = clock.after(delay, () => {
        if (again) arm();
        bound();
      });
    };
    arm();
    return handle;
  };
  const setTimeout = (callback: Callback, delayMs?: unknown, ...args: unknown[]) =>
    start(false, callback, delayMs, args);
  const setInterval = (callback: Callback, delayMs?: unknown, ...args: unknown[]) =>
    start(true, callback, delayMs, args);
  const setImmediate = (callback: Callback, ...args: unknown[]): SimTimeout => {
    const handle = new SimTimeout();
    handle.timer = clock.after(
      0,
      AsyncResource.bind(() => callback(...args)),
    );
    return handle;
  };
  const clear = (handle: unknown): void => {
    if (handle instanceof SimTimeout) handle.timer?.cancel();
  };
  const wait = (
    delayMs: unknown,
    value?: unknown,
    options: { signal?: AbortSignal } = {},
  ): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const { signal } = options;
      const stop = (): void => {
        clear(handle);
        reject(new DOMException('The operation was aborted', { name: 'AbortError', cause: signal?.reason }));
      };
      const handle = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve(value);
      }, delayMs);
      if (signal?.aborted) return stop();
      signal?.addEventListener('abort', stop, { once: true });
    });
  const promises = {
    setTimeout: wait,
    setImmediate: (value?: unknown) => wait(0, value),
    async *setInterval(delayMs: unknown, value?: unknown) {
      for (;;) yield await wait(delayMs, value);
    },
    scheduler: { wait, yield: () => wait(0) },
  };
  Object.defineProperty(setTimeout, promisify.custom, { value: wait });
  return { setTimeout, setInterval, setImmediate, clear, promises };
}

interface Bytes {
  bytes(length: number): Uint8Array;
}

function fill<T extends ArrayBufferView>(random: Bytes, view: T): T {
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(random.bytes(view.byteLength));
  return view;
}

function uuid(random: Bytes): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Keys that the platform makes itself are not seeded; drawing numbers is what jobs do. */
function seededWebCrypto(random: Bytes): Crypto {
  const { webcrypto } = crypto;
  return {
    subtle: webcrypto.subtle,
    getRandomValues: <T extends ArrayBufferView>(view: T) => fill(random, view),
    randomUUID: () => uuid(random),
  } as unknown as Crypto;
}

function seededCrypto(random: Bytes & { next(): number }): object {
  const later =
    <T>(make: () => T) =>
    (callback?: unknown): T | undefined => {
      if (typeof callback !== 'function') return make();
      queueMicrotask(() => callback(null, make()));
      return undefined;
    };
  const randomInt = (low: number, high?: unknown, callback?: unknown): number | undefined => {
    const [min, max] = typeof high === 'number' ? [low, high] : [0, low];
    return later(() => min + Math.floor(random.next() * (max - min)))(
      typeof high === 'function' ? high : callback,
    );
  };
  return {
    ...crypto,
    webcrypto: seededWebCrypto(random),
    getRandomValues: <T extends ArrayBufferView>(view: T) => fill(random, view),
    randomBytes: (size: number, callback?: unknown) => later(() => Buffer.from(random.bytes(size)))(callback),
    randomUUID: () => uuid(random),
    randomFillSync: <T extends ArrayBufferView>(view: T) => fill(random, view),
    randomInt,
  };
}

function abortSignalOn(process: SimProcess): typeof AbortSignal {
  const timeout = (delayMs: number): AbortSignal => {
    const controller = new AbortController();
    process.clock.after(delayMs, () =>
      controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
    );
    return controller.signal;
  };
  return new Proxy(AbortSignal, {
    get: (target, key, receiver) => (key === 'timeout' ? timeout : Reflect.get(target, key, receiver)),
  });
}

function processOf(services: RealmServices, performance: Performance): NodeJS.Process {
  const hrtime = Object.assign(
    () => {
      const ms = performance.now();
      return [Math.floor(ms / 1000), Math.floor((ms % 1000) * 1e6)];
    },
    { bigint: () => BigInt(Math.floor(performance.now() * 1e6)) },
  );
  const exit = (code = 0): never => {
    services.exit(Number(code));
    throw new ProcessExit('the process has exited');
  };
  return Object.create(process, {
    exit: { value: exit },
    abort: { value: () => exit(134) },
    hrtime: { value: hrtime },
    uptime: { value: () => performance.now() / 1000 },
  }) as NodeJS.Process;
}
