import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configKeys } from '../../src/cli/adapters/config-schema.ts';
import { reservedVariables } from '../../src/cli/config.ts';
import { type ConfigKey, environmentName, keyPath } from '../../src/cli/config-key.ts';
import { exitCodeTexts } from '../../src/cli/exit-codes.ts';

/** The page whose tables are generated; `npx tsx test/support/config-reference.ts` writes them. */
export const configurationPage = join(import.meta.dirname, '..', '..', 'docs', 'configuration.md');

/** The page with every generated table as it has to be. */
export function withGeneratedTables(page: string): string {
  const tables: Record<string, string> = {
    settings: settingsTable(),
    variables: variablesTable(),
    'exit-codes': exitCodesTable(),
  };
  return Object.entries(tables).reduce(
    (text, [name, table]) =>
      text.replace(
        new RegExp(`(<!-- generated: ${name} -->\n)[^]*?(<!-- end -->)`),
        (_, begin, end) => `${begin}\n${table}\n${end}`,
      ),
    page,
  );
}

function settingsTable(): string {
  const rows = configKeys.map((key) => [
    `\`${keyPath(key)}\``,
    `\`${environmentName(key)}\``,
    valuesOf(key),
    defaultOf(key),
    key.description,
  ]);
  return markdown([['key', 'variable', 'values', 'default', 'meaning'], ...rows]);
}

function variablesTable(): string {
  const rows = Object.entries(reservedVariables).map(([name, text]) => [`\`${name}\``, text]);
  return markdown([['variable', 'meaning'], ...rows]);
}

function exitCodesTable(): string {
  return markdown([['code', 'meaning'], ...Object.entries(exitCodeTexts)]);
}

/** A table with its columns padded, as the formatter leaves it. */
function markdown(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return `${[line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')}\n`;
}

function valuesOf({ kind, minimum, maximum, choices }: ConfigKey): string {
  const named = choices?.map((choice) => `\`${choice}\``).join(', ');
  if (kind === 'integer') return `${minimum} to ${maximum}`;
  if (kind === 'list') return named === undefined ? 'list of texts' : `list of ${named}`;
  return named ?? 'text';
}

function defaultOf({ defaultValue }: ConfigKey): string {
  return defaultValue === '' ? '(empty)' : `\`${JSON.stringify(defaultValue).replaceAll('"', '')}\``;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(configurationPage, withGeneratedTables(readFileSync(configurationPage, 'utf8')));
