import { errorCatalogue } from '../../base/error-catalogue.ts';
import { UsageError } from '../../base/errors.ts';
import { failureCodes, isFailureCode } from '../../base/failure-codes.ts';
import { jsonLine } from '../../base/steering.ts';
import { hint } from '../../base/suggest.ts';
import { adviceFor } from '../output/advice.ts';
import { padEnd, wrapText } from '../output/columns.ts';
import { createStyle } from '../output/style.ts';
import type { Shell } from '../shell.ts';

const COLUMNS = 88;

export function isCode(typed: string): boolean {
  return lookUp(typed.toUpperCase()) !== undefined;
}

/** What a failure code or an error code means, and what to do about it. */
export function explainCode(shell: Shell, typed: string, flags: { readonly json?: boolean }): number {
  const facts = lookUp(typed.toUpperCase());
  if (facts === undefined) {
    const known = [...Object.keys(failureCodes), ...Object.keys(errorCatalogue)];
    const near = hint(typed.toUpperCase(), known);
    throw new UsageError(
      'PRIVITY_COMMAND_LINE',
      `explain: there is no code of that name${near.startsWith('did') ? `; ${near}` : ''} (docs/errors.md lists them all), and no such file`,
    );
  }
  if (flags.json) {
    shell.out.write(jsonLine(facts));
    return 0;
  }
  const style = createStyle(shell.colour.out);
  const { code, ...others } = facts;
  shell.out.write(`${style.bold(code)}\n`);
  for (const [name, value] of Object.entries(others)) {
    const [first = '', ...more] = wrapText(String(value), COLUMNS);
    shell.out.write(`  ${style.dim(padEnd(name, 10))}  ${first}\n`);
    for (const line of more) shell.out.write(`  ${' '.repeat(10)}  ${line}\n`);
  }
  return 0;
}

function lookUp(code: string): ({ code: string } & Record<string, string | number | boolean>) | undefined {
  if (isFailureCode(code)) {
    const { summary, blame, exit, grpcStatus, retryable } = failureCodes[code];
    return {
      code,
      means: summary,
      'to do': adviceFor(code, { origin: null, own: [] }),
      blame,
      'exit code': exit,
      'gRPC status': grpcStatus,
      retryable,
    };
  }
  if (Object.hasOwn(errorCatalogue, code)) {
    const { means, causes, remedy, failure } = errorCatalogue[code as keyof typeof errorCatalogue];
    return { code, means, causes, 'to do': remedy, failure, 'exit code': failureCodes[failure].exit };
  }
  return undefined;
}
