// A reporter for node:test that writes what the summary needs, one JSON object a line.

/** The text of an error: its own message and stack, without the runner's frames. */
function describe(error) {
  const cause = error?.cause ?? error;
  const text =
    typeof cause === 'object' && cause !== null && 'stack' in cause ? String(cause.stack) : String(cause);
  return text
    .split('\n')
    .filter((line) => !/\(node:|at node:|at async node:/.test(line))
    .join('\n');
}

/** What one event of the test runner means for the summary; undefined if nothing. */
function entryOf({ type, data }) {
  if (type === 'test:diagnostic') {
    // An error after the last test has ended arrives as a remark; so do the runner's own counts, which nobody needs.
    // A test that could not try something here says so: it must not look as if it had been tried.
    if (data.message.startsWith('left out: ')) return { kind: 'leftOut', text: data.message };
    return /^(Error|Warning):/.test(data.message) ? { kind: 'remark', text: data.message } : undefined;
  }
  if (type !== 'test:pass' && type !== 'test:fail') return undefined;
  const error = data.details.error;
  const byChild = error?.failureType === 'subtestsFailed';
  // A suite is not a test. It fails on its own account only if a hook or its own code threw.
  if (data.details.type === 'suite' && (type === 'test:pass' || byChild)) return undefined;
  if (byChild) return undefined;
  const skipped = data.skip !== undefined || data.todo !== undefined;
  return {
    kind: 'test',
    name: data.name,
    ok: type === 'test:pass' && !skipped,
    durationMs: data.details.duration_ms,
    message: skipped ? 'Skipped tests count as failed.' : error === undefined ? undefined : describe(error),
  };
}

export default async function* report(source) {
  for await (const event of source) {
    const entry = entryOf(event);
    if (entry !== undefined) yield `${JSON.stringify(entry)}\n`;
  }
}
