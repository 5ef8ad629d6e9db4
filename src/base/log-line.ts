import { clipped } from './clipped.ts';
import type { LogFields } from './logger.ts';
import { printable } from './printable.ts';

/**
 * A log entry (pino's fields: `time`, `level`, `msg`, the rest as logged) as one line for people:
 * `12:00:00.000 WARN  mqtt message key=value`. Control characters in any part are escaped.
 * @param maxLength characters of one value: a line stays readable whatever a peer sent
 */
export function formatLogLine(entry: LogFields, maxLength: number): string {
  const { time, level, msg, component, ...fields } = entry;
  const clock = String(time).replace(/^.*T(.*)Z$/, '$1');
  const parts = [clock, String(level).toUpperCase().padEnd(5), component, msg];
  const texts = parts
    .filter((part) => part !== undefined && part !== '')
    .map((part) => plain(String(part), maxLength));
  const pairs = Object.entries(fields).map(
    ([name, value]) => `${fieldText(name, maxLength)}=${fieldText(value, maxLength)}`,
  );
  return [...texts, ...pairs].join(' ');
}

function plain(text: string, maxLength: number): string {
  return printable(clipped(text, maxLength));
}

/** Quoted where a space, quote or sign of equality could be taken for the next field. */
function fieldText(value: unknown, maxLength: number): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return typeof value !== 'string' || /^[^\s"=]+$/.test(text)
    ? plain(text, maxLength)
    : plain(JSON.stringify(text), maxLength);
}
