/** Failures that a search or a schedule plants. The incident says where, so that checkers recognise them. */
import type { Failure } from '../../coordination/failure.ts';

/** A failure of the program of one party. */
export function plantedFailure(name: string, code: Failure['code'], stepId: string | undefined): Failure {
  const incident = `planted ${name} ${code} ${stepId ?? ''}`;
  return { code, origin: name, reporter: name, ...(stepId === undefined ? {} : { stepId }), incident };
}
