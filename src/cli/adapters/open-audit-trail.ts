import { userInfo } from 'node:os';
import { join } from 'node:path';
import { LineFiles } from '../../base/adapters/line-files.ts';
import { systemClock } from '../../base/adapters/node-runtime.ts';
import type { Config } from '../../base/config.ts';
import { errorMessage } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { printable } from '../../base/printable.ts';
import { type AuditFacts, formatAuditEntry } from '../../bridge/audit-entry.ts';
import { AuditTrail } from '../../bridge/audit-trail.ts';
import type { CliIo } from '../command.ts';

/** The directory of the audit log in a state directory. */
export function auditDirectory({ stateDir }: Pick<Config, 'stateDir'>): string {
  return join(stateDir, 'audit');
}

/** Opens the audit log for the bridge that runs on the state directory. One that cannot be read stops nothing. */
export async function openAuditTrail(config: Config, logger: Logger): Promise<AuditTrail> {
  const log = auditFiles(config);
  const parts = { log, limits: config.audit, clock: systemClock };
  const trail = new AuditTrail({ ...parts, logger: logger.child({ component: 'audit' }) });
  await log
    .open()
    .catch((error) => logger.error('the audit log cannot be read', { reason: errorMessage(error) }));
  return trail;
}

/** Writes what a command has done to the state directory by itself. Where it cannot, it says so. */
export async function recordCommand(
  config: Config,
  io: CliIo,
  facts: Omit<AuditFacts, 'user' | 'from' | 'outcome'>,
): Promise<void> {
  const log = auditFiles(config);
  try {
    await log.join();
    const who = { user: systemUser(), from: 'command line', outcome: 'ok' } as const;
    await log.append(formatAuditEntry({ ...who, ...facts }, systemClock.now()));
  } catch (error) {
    io.stderr.write(`mup: ${printable(`the audit log cannot be written: ${errorMessage(error)}`)}\n`);
  }
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container a user may be but a number.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

function auditFiles(config: Config): LineFiles {
  const { maxFileBytes, maxFiles } = config.audit;
  const maxBytes = maxFileBytes * (maxFiles - 1);
  const directory = auditDirectory(config);
  return new LineFiles({ directory, fileBytes: maxFileBytes, maxBytes, durable: true });
}
