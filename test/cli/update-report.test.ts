import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { progressBar } from '../../src/cli/progress-bar.ts';
import { UpdateReport } from '../../src/cli/update-report.ts';

describe('reports', () => {
  function report(
    json: boolean,
    isTTY: boolean,
  ): { readonly report: UpdateReport; out: string[]; err: string[] } {
    const out: string[] = [];
    const err: string[] = [];
    const io = {
      stdout: { write: (text: string) => out.push(text) },
      stderr: { write: (text: string) => err.push(text) },
      stdin: (async function* () {})(),
      env: {},
      cwd: '/',
      isTTY,
      signal: new AbortController().signal,
    };
    return { report: new UpdateReport(io, json), out, err };
  }
  const transfer = { step: 'transfer', bytesSent: 1, bytesTotal: 2 } as const;
  const restarted = { step: 'restarted', firmwareVersion: 2 } as const;

  test('the bar is on a terminal only, on stderr, and leaves its line', () => {
    const tty = report(false, true);
    tty.report.step(transfer);
    tty.report.step(restarted);
    expect(tty.err).toEqual([progressBar({ bytesSent: 1, bytesTotal: 2 }), '\n']);
    expect(tty.out).toEqual(['device restarted with version 2\n']);
    const pipe = report(false, false);
    pipe.report.step(transfer);
    pipe.report.step(restarted);
    expect([pipe.err, pipe.out]).toEqual([[], ['device restarted with version 2\n']]);
  });

  test('--json is one object a step, on stdout alone', () => {
    const { report: json, out, err } = report(true, true);
    json.step(transfer);
    json.step(restarted);
    expect(out.map((line) => JSON.parse(line))).toEqual([transfer, restarted]);
    expect(err).toEqual([]);
  });

  test('the bar has the same width for all numbers and is full at the end only', () => {
    const bar = (sent: number, total: number): string =>
      /\[(.*)\]/.exec(progressBar({ bytesSent: sent, bytesTotal: total }))?.[1] ?? '';
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (sent, total) => {
        expect(bar(sent, total)).toHaveLength(30);
        if (sent < total) expect(bar(sent, total)).toContain('.');
      }),
    );
    expect(bar(5, 5)).not.toContain('.');
  });
});
