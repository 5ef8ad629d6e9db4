import type { LogFields } from './logger.ts';
import { printable } from './printable.ts';

/** A value is cut here: a line stays readable whatever a peer sent. */
const maxValueLength = 1000;

/**
 * A log entry (pino's fields: `time`, `level`, `msg`, the rest as logged) as one line for people:
 * `12:00:00.000 WARN  mqtt message key=value`. Control characters in any part are escaped.
 */
export function formatLogLine(entry: LogFields): string {
  const { time, level, msg, component, ...fields } = entry;
  const clock = String(time).replace(/^.*T(.*)Z$/, '$1');
  const parts = [clock, String(level).toUpperCase().padEnd(5), component, msg];
  const texts = parts.filter((part) => part !== undefined && part !== '').map((part) => plain(String(part)));
  const pairs = Object.entries(fields).map(([name, value]) => `${fieldText(name)}=${fieldText(value)}`);
  return [...texts, ...pairs].join(' ');
}

function plain(text: string): string {
  return printable(text.length > maxValueLength ? `${text.slice(0, maxValueLength)}…` : text);
}

/** Quoted where a space, quote or sign of equality could be taken for the next field. */
function fieldText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return typeof value !== 'string' || /^[^\s"=]+$/.test(text) ? plain(text) : plain(JSON.stringify(text));
}
