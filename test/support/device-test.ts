import { mup, type Program } from './program.ts';

/** What `mup device-test --json` prints of a check, as far as tests look at it. */
export interface ReportedCheck {
  readonly id: string;
  readonly standing: string;
  readonly expected?: string;
  readonly seen?: string;
  readonly reason?: string;
}

/** What a run of `mup device-test` has come to. */
export interface DeviceTestReport {
  readonly code: number | null;
  readonly checks: readonly ReportedCheck[];
}

/** Starts `mup device-test --json`; resolves when it waits for the device to describe itself. */
export async function startDeviceTest(
  uuid: string,
  mqttUrl: string,
  options: readonly string[],
): Promise<Program> {
  const program = mup(['device-test', '--uuid', uuid, '--mqtt-url', mqttUrl, '--json', ...options]);
  program.endInput();
  await program.logged('waiting until device');
  return program;
}

/** What it has found in the end. Throws when it printed no report. */
export async function reportOf(program: Program): Promise<DeviceTestReport> {
  const code = await program.exited;
  const { json } = program.lines.at(-1) ?? {};
  if (typeof json !== 'object' || json === null) throw new Error(`there is no report\n${program.stderr}`);
  return { ...(json as Omit<DeviceTestReport, 'code'>), code };
}
