import { type ModuleChange, moduleChanges } from '../../yang/module-changes.ts';
import { extendModule } from '../../yang/module-model.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printResult } from '../output.ts';
import { type DescribedModule, withModules } from './describe-module.ts';

/** What the bridge does when a device comes with the new description, and others have the old one. */
type Outcome = 'same' | 'new-revision' | 'variant' | 'other-module';

const outcomeTexts: Readonly<Record<Outcome, string>> = {
  same: 'the module stays as it is',
  'new-revision': 'the module gets a new revision, which serves devices with either description',
  variant: 'devices with the new description get a variant of the module, with a name of its own',
  'other-module': 'devices with the new description have another category, and so another module',
};

/** `mup describe diff` */
export async function runDescribeDiff(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const [before, after] = await withModules(args, io, async (moduleOf) => [
    await moduleOf(args.argument('OLD')),
    await moduleOf(args.argument('NEW')),
  ]);
  const changes = moduleChanges(before.statement, after.statement);
  const { outcome, reasons } = outcomeOf(before, after);
  const isAllowed = changes.every(({ allowed }) => allowed);
  const breaksClients = !isAllowed || outcome === 'variant' || outcome === 'other-module';
  printResult(args, io, { module: before.model.name, outcome, breaksClients, changes, reasons }, [
    ...(changes.length === 0 ? ['clients see no change'] : changes.map(changeLine)),
    `The bridge: ${outcomeTexts[outcome]}.`,
    ...reasons.map((reason) => `  ${reason}`),
  ]);
  return breaksClients ? exitCodes.faults : exitCodes.ok;
}

function changeLine({ place, what, allowed }: ModuleChange): string {
  return `${allowed ? 'allowed  ' : 'FORBIDDEN'}  ${place}: ${what}`;
}

function outcomeOf(
  { model }: DescribedModule,
  after: DescribedModule,
): { readonly outcome: Outcome; readonly reasons: readonly string[] } {
  if (model.name !== after.model.name) return { outcome: 'other-module', reasons: [] };
  const extension = extendModule(model, after.description);
  if (extension.kind === 'contradiction') return { outcome: 'variant', reasons: extension.reasons };
  return { outcome: extension.kind === 'same' ? 'same' : 'new-revision', reasons: [] };
}
