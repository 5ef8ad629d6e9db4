import type { CommandDefinition, CommandGroup } from '../command.ts';
import { auditCommand } from './audit.ts';
import { configCommand } from './config.ts';
import { demoCommand } from './demo.ts';
import { describeCommand } from './describe.ts';
import { descriptionCommand } from './description.ts';
import { deviceCommand } from './device.ts';
import { deviceTestCommand } from './device-test.ts';
import { endorseCommand } from './endorse.ts';
import { imageCommand } from './image.ts';
import { inspectCommand } from './inspect.ts';
import { jobCommand, jobsCommand } from './jobs.ts';
import { keygenCommand } from './keygen.ts';
import { rotateCommand } from './rotate.ts';
import { serveCommand } from './serve.ts';
import { signCommand } from './sign.ts';
import { updateCommand } from './update.ts';
import { userCommand } from './user.ts';

/** Every command of `mup`, in the order of its help. */
export const commands: readonly (CommandDefinition | CommandGroup)[] = [
  serveCommand,
  demoCommand,
  userCommand,
  auditCommand,
  configCommand,
  keygenCommand,
  signCommand,
  endorseCommand,
  inspectCommand,
  rotateCommand,
  imageCommand,
  updateCommand,
  jobsCommand,
  jobCommand,
  deviceCommand,
  deviceTestCommand,
  descriptionCommand,
  describeCommand,
];
