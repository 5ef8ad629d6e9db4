import { systemClock, systemRandom } from '../../base/adapters/node-runtime.ts';
import { createLogger } from '../../base/adapters/pino-logger.ts';
import { UsageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import { bridgePresence } from '../../kit/bridge-probe.ts';
import type { Check } from '../../kit/check.ts';
import { allChecks } from '../../kit/checks/all.ts';
import { chosen, isAsExpected, standingOf } from '../../kit/expectations.ts';
import { openBench } from '../../kit/open-bench.ts';
import { runChecks } from '../../kit/runner.ts';
import type { MqttTransport } from '../../mqtt/transport.ts';
import type { CommandArguments } from '../arguments.ts';
import type { CliIo } from '../command.ts';
import {
  checkObject,
  type JudgedResult,
  junitXml,
  listLines,
  reportObject,
  resultLines,
  summaryLine,
} from '../device-test-report.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printJson, printResult } from '../output.ts';
import { uuidOption } from '../uuid-option.ts';
import { Cleanup } from './cleanup.ts';
import { commandConfig } from './command-config.ts';
import { benchOptions, connected, type Run } from './device-test-bench.ts';
import { readRunFiles } from './device-test-files.ts';
import { writeOutput } from './files.ts';

/** `mup device-test` */
export async function runDeviceTest(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const checks = chosen(allChecks, args.texts('only'));
  if (args.flag('list')) {
    printResult(args, io, checks.map(checkObject), listLines(checks));
    return exitCodes.ok;
  }
  const config = commandConfig(args, io);
  const uuid = uuidOption(args, 'uuid');
  args.required('vendor-key');
  if (config.mqtt.url === '')
    throw new UsageError('bad-option', 'no broker is named', {
      where: '--mqtt-url',
      hint: 'Name the broker with --mqtt-url, or in mqtt.url of the configuration.',
    });
  const logger = createLogger(config.log).child({ component: 'device-test' });
  const named = { args, io, config, uuid, logger };
  const run = { ...named, files: await readRunFiles(named) };
  const cleanup = new Cleanup();
  try {
    return await report(run, await tested(run, checks, cleanup));
  } catch (error) {
    if (io.signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    await cleanup.run();
  }
}

/** Makes the checks that are for the device's profile, and tells of each as it ends. */
async function tested(
  run: Run,
  checks: readonly Check[],
  cleanup: Cleanup,
): Promise<readonly JudgedResult[]> {
  const { args, io, uuid } = run;
  const transport = await connected(run, cleanup);
  if (!args.flag('beside-bridge')) await refuseBridge(transport);
  const { bench, close } = await openBench(
    benchOptions(run, transport, cleanup, () =>
      say(run, `waiting until device ${uuid} describes itself: restart it if it has done so before`),
    ),
  );
  cleanup.add(close);
  const { profile } = bench.options;
  const meant = checks.filter(({ profiles }) => profiles.includes(profile));
  say(
    run,
    `device ${uuid} speaks profile ${profile}, over ${transport.protocolVersion === 5 ? 'MQTT 5' : 'MQTT 3.1.1'}`,
  );
  const judged = (result: Parameters<typeof standingOf>[0]): JudgedResult => ({
    ...result,
    standing: standingOf(result, run.files.expectedFailures),
  });
  const results = await runChecks(bench, meant, {
    progress: {
      started: ({ id }) => run.logger.debug('a check begins', { check: id }),
      ended: (result) => {
        for (const line of resultLines(judged(result))) say(run, line);
      },
    },
    clock: systemClock,
    signal: io.signal,
  });
  return results.map(judged);
}

/** @throws UsageError `bridge-running`, `bridge-unknown` */
async function refuseBridge(transport: MqttTransport): Promise<void> {
  const presence = await bridgePresence(transport, systemRandom, systemClock);
  if (presence === 'there')
    throw new UsageError('bridge-running', 'a bridge serves the devices of this broker', {
      hint: 'End it, use another broker, or say --beside-bridge: then both answer the device, and checks may fail.',
    });
  if (presence === 'unheard')
    throw new UsageError(
      'bridge-unknown',
      'the broker keeps from the kit whether a bridge serves its devices',
      {
        hint: 'See to it that none does, and say --beside-bridge; or use a broker without an access list.',
      },
    );
}

async function report(run: Run, results: readonly JudgedResult[]): Promise<ExitCode> {
  const { args, io, uuid } = run;
  const totalMs = results.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const junit = args.text('junit');
  if (junit !== undefined) await writeOutput(io, junit, junitXml(uuid, results), 0o644);
  if (args.flag('json')) printJson(io, reportObject(uuid, results, totalMs));
  else say(run, summaryLine(results, totalMs));
  if (io.signal.aborted) return exitCodes.interrupted;
  return isAsExpected(results.map(({ standing }) => standing)) ? exitCodes.ok : exitCodes.failed;
}

/** Live, for people; beside a report for programs on stderr. */
function say({ args, io }: Run, line: string): void {
  const output = args.flag('json') ? io.stderr : io.stdout;
  output.write(`${printable(line)}\n`);
}
