/**
 * Work that the virtual clock must wait for: what a task has given to the operating system or to a thread (a file, a database) and
 * whose answer comes when it comes. Watching for it costs time, so it is done only for jobs that do such things.
 */
import { type AsyncHook, createHook } from 'node:async_hooks';

/**
 * Resources that are not work: those that end in the same turn, handles that stay open for ever, and real timers, which belong to
 * whoever runs the simulation.
 */
const NOT_WORK =
  /^(PROMISE|Microtask|TickObject|Timeout|TIMERWRAP|AsyncLocalStorage|bound-.*|TTYWRAP|TCPWRAP|TCPSERVERWRAP|PIPEWRAP|PIPESERVERWRAP|PROCESSWRAP|SIGNALWRAP|UDPWRAP|MESSAGEPORT|WORKER.*|WORKERHEAPSNAPSHOT|FILEHANDLE|DIRHANDLE|BLOBREADER|FSEVENTWRAP|STATWATCHER|ELDHISTOGRAM|.*CONTEXT.*|.*Histogram.*|INSPECTOR.*|AbortSignal|Test|Suite|.*Test.*|SimTimeout|EventEmitterMixin|REPLServer|RANDOM_NOTHING)$/;

export class OutsideWork {
  readonly #open = new Set<number>();
  readonly #hook: AsyncHook;
  /** Kinds of work that were seen. */
  readonly kinds = new Set<string>();

  constructor() {
    const done = (id: number): void => void this.#open.delete(id);
    this.#hook = createHook({
      init: (id, type) => {
        if (NOT_WORK.test(type)) return;
        this.kinds.add(type);
        this.#open.add(id);
      },
      after: done,
      destroy: done,
    });
  }

  start(): void {
    this.#open.clear();
    this.#hook.enable();
  }

  stop(): void {
    this.#hook.disable();
    this.#open.clear();
  }

  get isOpen(): boolean {
    return this.#open.size > 0;
  }
}
