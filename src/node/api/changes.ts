/** What has changed at a node, for those who follow it: the last ones are kept, so that a connection can be resumed. */
import type { Clock } from '../../contracts/index.ts';

/** Enough for a follower that was away for a moment; one that was away for longer reads the lists again. */
const KEPT = 10_000;

export interface Change {
  readonly seq: number;
  readonly topic: 'proposal' | 'run' | 'partner' | 'lost';
  /** Of the proposal, run or partner; of `lost`: nothing is known of what came between. */
  readonly id: string;
  readonly at: number;
}

export class Changes {
  readonly #clock: Clock;
  readonly #kept: Change[] = [];
  readonly #waiting = new Set<() => void>();
  #seq: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    // Numbers of a node that was started again are not those of the one before.
    this.#seq = clock.wallTime() * 1_000;
  }

  tell(topic: Exclude<Change['topic'], 'lost'>, id: string): void {
    this.#kept.push({ seq: ++this.#seq, topic, id, at: this.#clock.wallTime() });
    if (this.#kept.length > KEPT) this.#kept.splice(0, this.#kept.length - KEPT);
    for (const wake of [...this.#waiting]) wake();
  }

  /**
   * Changes behind number `after` (default: from now on), as they come; undefined when it begins to look, and after
   * every `heartbeatMs` without one.
   */
  async *follow(
    after: number | undefined,
    heartbeatMs: number,
    stop: AbortSignal,
  ): AsyncGenerator<Change | undefined> {
    let seen = after ?? this.#seq;
    const first = this.#kept[0]?.seq ?? this.#seq + 1;
    if (seen < first - 1 || seen > this.#seq) {
      yield { seq: this.#seq, topic: 'lost', id: '', at: this.#clock.wallTime() };
      seen = this.#seq;
    }
    yield undefined;
    while (!stop.aborted) {
      const news = this.#kept.filter(({ seq }) => seq > seen);
      for (const change of news) {
        yield change;
        seen = change.seq;
      }
      if (news.length === 0 && !(await this.#next(heartbeatMs, stop)) && !stop.aborted) yield undefined;
    }
  }

  #next(ms: number, stop: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (isNews: boolean) => (): void => {
        timer.cancel();
        this.#waiting.delete(wake);
        stop.removeEventListener('abort', end);
        resolve(isNews);
      };
      const wake = finish(true);
      const end = finish(false);
      const timer = this.#clock.after(ms, end);
      this.#waiting.add(wake);
      stop.addEventListener('abort', end, { once: true });
    });
  }
}
