import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { PeerError, UnavailableError, UsageError } from '../../src/base/errors.ts';
import type { CommandArguments } from '../../src/cli/arguments.ts';
import { type CommandDefinition, isGroup } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/all.ts';
import { CommandError, exitCodes, exitCodeTexts } from '../../src/cli/exit-codes.ts';
import { type CliResult, runMup } from '../support/cli.ts';
import { root } from '../support/peers.ts';

const cwd = root;
const all = commands.flatMap((entry) =>
  isGroup(entry)
    ? entry.commands.map((command) => ({ path: [entry.name, command.name], command }))
    : [{ path: [entry.name], command: entry }],
);

describe('--help', () => {
  test('lists every command with its summary', async () => {
    const { code, stdout, stderr } = await runMup(['--help'], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    for (const { name, summary } of commands) {
      expect(stdout).toContain(`  ${name}`);
      expect(stdout).toContain(summary);
    }
  });

  test.each(all.map((one) => [one.path.join(' '), one] as const))(
    'of mup %s says options, arguments, examples and exit codes',
    async (name, { path, command }) => {
      const { code, stdout, stderr } = await runMup([...path, '--help'], { cwd });
      expect([code, stderr]).toEqual([0, '']);
      for (const option of command.options)
        expect(stdout).toContain(`--${option.name}${option.value === undefined ? '' : ` <${option.value}>`}`);
      for (const argument of command.arguments ?? []) expect(stdout).toContain(argument.name);
      expect(stdout).toContain(`Examples of mup ${name}:`);
      expect(command.examples.length).toBeGreaterThan(0);
      for (const example of command.examples) expect(stdout).toContain(example.line);
      for (const exitCode of [0, 1, 2, ...(command.exitCodes ?? [])] as const)
        expect(stdout).toContain(`${exitCode}  ${exitCodeTexts[exitCode]}`);
    },
  );

  test.each(all.map((one) => [one.path.join(' '), one.command] as const))(
    'examples of mup %s use options that it has',
    (name, command) => {
      const known = new Set(command.options.map((option) => option.name));
      for (const { line } of command.examples) {
        expect(line.startsWith(`mup ${name}`)).toBe(true);
        for (const [, option] of line.matchAll(/ --([a-z-]+)/g)) expect(known).toContain(option);
      }
    },
  );

  test('of a group lists its commands; a group or nothing alone is wrong usage', async () => {
    const { stdout } = await runMup(['image', '--help'], { cwd });
    for (const name of ['add', 'list', 'remove']) expect(stdout).toContain(`  ${name}`);
    const group = await runMup(['image'], { cwd });
    expect([group.code, group.stdout]).toEqual([2, '']);
    expect(group.stderr).toContain('Usage: mup image');
    expect((await runMup([], { cwd })).code).toBe(2);
  });

  test('--version prints the version', async () => {
    expect(await runMup(['--version'], { cwd })).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
  });
});

describe('a wrong command line is one line on stderr and exit code 2', () => {
  test.each([
    [['imge'], "unknown command 'imge'", 'Did you mean image?'],
    [['image', 'ad'], "unknown command 'ad'", 'See mup image --help.'],
    [['image', 'list', '--jsn'], "unknown option '--jsn'", 'Did you mean --json? See mup image list --help.'],
    [['image', 'list', 'x'], 'too many arguments', 'See mup image list --help.'],
    [['image', 'add'], "missing required argument 'FILE'", 'See mup image add --help.'],
    [['image', 'list', '--state-dir'], 'argument missing', 'See mup image list --help.'],
    [['update', '--device', 'x'], 'option --image is missing', '(--image)'],
    [['--verbose'], "unknown option '--verbose'", 'See mup --help.'],
    [['x\u001b[31m\ny'], 'unknown command', '\\u001b[31m'],
  ])('%j', async (argv, what, hint) => {
    const { code, stdout, stderr } = await runMup(argv, { cwd });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^mup: [^\n]*\n$/);
    expect(stderr).toContain(what);
    expect(stderr).toContain(hint);
  });
});

function throwing(error: unknown): CommandDefinition {
  const run = (): Promise<never> => Promise.reject(error);
  return { name: 'x', summary: '', description: '', options: [], examples: [], run };
}

function runThrowing(error: unknown, env: Record<string, string> = {}): Promise<CliResult> {
  return runMup(['x'], { cwd, env, commands: [throwing(error)] });
}

describe('what a command throws', () => {
  test.each([
    [new UsageError('a', 'wrong'), 2],
    [new PeerError('a', 'wrong'), 1],
    [new UnavailableError('a', 'wrong'), 1],
    [new CommandError(exitCodes.notAuthorised, 'a', 'wrong'), 5],
    [new TypeError('wrong'), 1],
    ['wrong', 1],
  ] as const)('%s ends with its exit code', async (error, code) => {
    expect(await runThrowing(error)).toEqual({ code, stdout: '', stderr: 'mup: wrong.\n' });
  });

  test('is printed as what, where and hint', async () => {
    const error = new UsageError('a', 'it is wrong', { where: 'file:3', hint: 'Do this.' });
    expect((await runThrowing(error)).stderr).toBe('mup: it is wrong (file:3). Do this.\n');
  });

  test('has its stack, and those of its causes, only at MUP_LOG_LEVEL debug and trace', async () => {
    const error = new UsageError('a', 'outer', { cause: new UsageError('b', 'inner') });
    expect((await runThrowing(error)).stderr).not.toContain('    at ');
    for (const level of ['debug', 'trace']) {
      const { stderr } = await runThrowing(error, { MUP_LOG_LEVEL: level });
      expect(stderr.match(/UsageError: (outer|inner)/g)).toEqual(['UsageError: outer', 'UsageError: inner']);
    }
  });
});

test('what a peer has said moves no cursor, in a stack neither', async () => {
  const { stderr } = await runThrowing(new PeerError('a', 'red \u001b[31m'), { MUP_LOG_LEVEL: 'debug' });
  expect(stderr).toMatch(/^mup: red \\u001b\[31m\.\nPeerError: red \\u001b\[31m\n +at /);
});

describe('arguments', () => {
  test('are given to the command by name', async () => {
    let seen: CommandArguments | undefined;
    const command: CommandDefinition = {
      name: 'x',
      summary: '',
      description: '',
      arguments: [
        { name: 'A', description: '' },
        { name: 'B', description: '', optional: true },
      ],
      options: [
        { name: 'two-words', value: 'V', description: '' },
        { name: 'flag', description: '' },
        { name: 'no', value: 'N', description: '' },
      ],
      examples: [],
      run: (args) => {
        seen = args;
        return Promise.resolve(exitCodes.ok);
      },
    };
    await runMup(['x', 'one', '--two-words', '7', '--flag'], { cwd, commands: [command] });
    expect(seen?.argument('A')).toBe('one');
    expect(seen?.optionalArgument('B')).toBeUndefined();
    expect(seen?.text('two-words')).toBe('7');
    expect(seen?.integer('two-words', 0, 7)).toBe(7);
    expect(() => seen?.integer('two-words', 8, 9)).toThrow('not a number from 8 to 9');
    expect(seen?.flag('flag')).toBe(true);
    expect(seen?.text('no')).toBeUndefined();
    expect(() => seen?.required('no')).toThrow('option --no is missing');
  });

  test.each(['-1', '1.0', '0x10', '01', '', ' 1', '1e3', '99999999999999999999'])(
    '%j is no number',
    async (text) => {
      const { code, stderr } = await runMup(
        ['endorse', '--server-key', 'x', '--vendor-key', 'y', '--epoch', text],
        { cwd },
      );
      expect([code, stderr.includes('--epoch')]).toEqual([2, true]);
    },
  );
});

test('the program runs as a process', () => {
  const main = join(root, 'src', 'cli', 'main.ts');
  const out = execFileSync(process.execPath, ['--import', 'tsx', main, '--version'], { cwd: root });
  expect(String(out)).toMatch(/^\d+\.\d+\.\d+\n$/);
});
