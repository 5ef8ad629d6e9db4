import { UsageError } from '../base/errors.ts';
import { appIdPattern } from '../mup/manifest-fields.ts';
import type { CommandArguments } from './arguments.ts';

const expression = new RegExp(`^(?:${appIdPattern})$`);

/**
 * The App ID that `--app-id` names, or `undefined`.
 * @throws UsageError `bad-option`
 */
export function appIdOption(args: CommandArguments): string | undefined {
  const appId = args.text('app-id');
  if (appId === undefined || expression.test(appId)) return appId;
  throw new UsageError('bad-option', `${JSON.stringify(appId.slice(0, 80))} is not an App ID`, {
    where: '--app-id',
    hint: 'An App ID is 1 to 32 letters, digits, dots, underscores and hyphens.',
  });
}
