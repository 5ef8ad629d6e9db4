import type { Profile } from '../base/description.ts';
import { UsageError } from '../base/errors.ts';
import type { CommandArguments } from './arguments.ts';
import type { CommandOption } from './command.ts';

/** `--profile`, of commands that make or verify vendor manifests. */
export const profileOption: CommandOption = {
  name: 'profile',
  value: 'mup|myno',
  description: 'what the devices speak: mup (default), or myno for those of the MYNO prototype',
};

/**
 * What a manifest is signed for: devices of the prototype leave the suite out of the signed text (mup-protocol §3).
 * @throws UsageError `bad-option`
 */
export function manifestProfile(args: CommandArguments): Profile {
  const profile = args.text('profile') ?? 'mup';
  if (profile === 'mup' || profile === 'myno') return profile;
  throw new UsageError('bad-option', `${JSON.stringify(profile)} is no profile that takes manifests`, {
    where: '--profile',
    hint: 'Give mup, or myno for devices of the MYNO prototype.',
  });
}
