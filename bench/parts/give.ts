import type { Link } from '../../src/contracts/index.ts';

/** What a message of {@link give} begins with. */
export const GIVEN = 'given';

/** Messages of a protocol, as an intersection sends them: the next one when the link has taken over the one before. */
export async function give(link: Pick<Link, 'send'>, count: number, bytes: number): Promise<void> {
  const body = Buffer.alloc(bytes, 1);
  for (let i = 0; i < count; i++) await link.send(Buffer.from(GIVEN), [body]);
}
