/** One figure: what was measured, beside what, and what is asked of it. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 'MiB' | 'KiB' | 'ratio' | 's' | '/s' | 'MiB/s' | 'count';
  /** What ran beside it in the same run. */
  readonly baseline?: { readonly name: string; readonly value: number };
  /** The figure that the project asks for. */
  readonly limit?: number;
}

/** Prints figures as a table for people. */
export function printTable(figures: readonly Figure[]): void {
  const rows = figures.map(({ name, value, unit, baseline, limit }) => [
    name,
    `${format(value)} ${unit}`,
    baseline === undefined ? '' : `${baseline.name}: ${format(baseline.value)} ${unit}`,
    limit === undefined ? '' : `at most ${limit} ${unit}`,
    limit === undefined ? '' : value <= limit ? 'met' : 'MISSED',
  ]);
  const all = [['figure', 'measured', 'beside it', 'asked', ''], ...rows];
  const widths = all[0]?.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0))) ?? [];
  for (const row of all)
    process.stdout.write(
      `${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
}

function format(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}
