/**
 * Milliseconds of a processor that this process takes for something: unlike the clock, it does not go on while other
 * processes have the processor.
 */
export function cpuMsOf(work: () => void): number {
  const begun = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
}
