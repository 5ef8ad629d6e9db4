import type { CommandDefinition, CommandGroup } from '../command.ts';

/** Every command of `mup`, in the order of its help. */
export const commands: readonly (CommandDefinition | CommandGroup)[] = [];
