/** One thing that the doctor looked at. `unknown`: could not be told from here, and is no fault of this machine. */
export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed' | 'unknown';
  /** What was found. */
  readonly text: string;
  /** What to do about it. */
  readonly remedy?: string | undefined;
}

export const ok = (name: string, text: string): Check => ({ name, status: 'ok', text });
export const warning = (name: string, text: string, remedy: string): Check => ({
  name,
  status: 'warning',
  text,
  remedy,
});
export const failed = (name: string, text: string, remedy?: string): Check => ({
  name,
  status: 'failed',
  text,
  remedy,
});
export const unknown = (name: string, text: string, remedy?: string): Check => ({
  name,
  status: 'unknown',
  text,
  remedy,
});
