import { readLineFiles } from '../../base/adapters/line-files.ts';
import { systemClock } from '../../base/adapters/node-runtime.ts';
import { type AuditEntry, parseAuditEntry } from '../../bridge/audit-entry.ts';
import type { CommandArguments } from '../arguments.ts';
import { auditHeading, auditRow, matches, sinceOption } from '../audit-query.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printJson, printResult, table } from '../output.ts';
import { commandConfig } from './command-config.ts';
import { auditDirectory } from './open-audit-trail.ts';

/** `mup audit` */
export async function runAudit(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const config = commandConfig(args, io);
  const query = {
    since: sinceOption(args.text('since'), systemClock.now()),
    device: args.text('device'),
    user: args.text('user'),
  };
  const lines = await readLineFiles(auditDirectory(config));
  const entries = lines.map(parseAuditEntry).filter((entry) => entry !== undefined);
  const damaged = lines.length - entries.length;
  if (damaged > 0) io.stderr.write(`mup: ${damaged} lines of the audit log are damaged and left out\n`);
  print(
    inOrder(entries).filter((entry) => matches(entry, query)),
    args,
    io,
  );
  return exitCodes.ok;
}

/** Commands beside a running bridge write too, and not always into the newest file. */
function inOrder(entries: readonly AuditEntry[]): AuditEntry[] {
  return entries.toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

function print(entries: readonly AuditEntry[], args: CommandArguments, io: CliIo): void {
  if (args.flag('json')) for (const entry of entries) printJson(io, entry);
  else
    printResult(
      args,
      io,
      entries,
      entries.length === 0 ? ['no entries'] : table([auditHeading, ...entries.map(auditRow)]),
    );
}
