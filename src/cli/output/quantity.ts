/** Durations and sizes in the unit that a person would choose. */

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function size(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}` : `${amount.toFixed(1)} ${units[unit]}`;
}

/** As networks are told: `80 MB/s`, `250 kB/s`. */
export function speed(bytesPerSecond: number): string {
  const [amount, unit] =
    bytesPerSecond < 1e6 ? [bytesPerSecond / 1e3, 'kB/s'] : [bytesPerSecond / 1e6, 'MB/s'];
  return `${amount.toFixed(amount < 10 ? 1 : 0)} ${unit}`;
}

/** `1 step`, `3 steps`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** `2026-11-29 02:54`, in local time; `-`: it has not come. */
export function momentText(ms: number | null): string {
  if (ms === null) return '-';
  const date = new Date(ms);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
