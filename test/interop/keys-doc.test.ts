import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { root } from '../support/paths.ts';
import { mup } from '../support/program.ts';
import { Site } from '../support/site.ts';

const patience = 240_000;
const uuid = 'KEYS-DOC-1';
const page = readFileSync(join(root, 'docs', 'keys.md'), 'utf8');
/** The commands of each block of the page, without `mup`. */
const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) =>
  block
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^mup /, '').split(' ')),
);
const [next = [], retire = [], nextVendors = [], send = []] = blocks;

let site: Site;
beforeAll(async () => {
  site = await Site.start();
  await site.startDevice(uuid);
}, patience);
afterAll(() => site.stop(), patience);

/** Runs a command beside the vendor's keys, on the machine of the bridge. @returns what it printed */
async function ended(words: readonly string[]): Promise<string> {
  const program = mup(words, { cwd: site.directory, env: { MUP_STATE_DIR: site.stateDir } });
  program.endInput();
  expect([words, await program.exited, program.stderr]).toEqual([words, 0, '']);
  return program.lines.map(({ text }) => text).join('\n');
}

const status = async (): Promise<readonly { readonly id: string; readonly epoch?: number }[]> =>
  JSON.parse(await ended(['rotate', 'status', '--json']));

/** Updates the device with an image that the key of a file has signed. @returns the exit code, and why it failed */
async function updated(version: number, vendorKey: string): Promise<readonly [number | null, string]> {
  const image = await site.image(version, 3000, { vendorKey: site.path(vendorKey) });
  const { code, steps } = await site.update(uuid, image);
  return [code, JSON.stringify(steps)];
}
const done = [0, expect.any(String)];

test('docs/keys.md has no other commands than those that are run here', () => {
  expect(blocks.map((block) => block.map(([name, verb]) => [name, name === 'endorse' ? '' : verb]))).toEqual([
    [
      ['rotate', 'prepare'],
      ['endorse', ''],
      ['rotate', 'activate'],
      ['rotate', 'status'],
    ],
    [['rotate', 'retire']],
    [
      ['keygen', 'vendor'],
      ['rotate', 'vendor'],
    ],
    [['rotate', 'send']],
  ]);
});

test(
  'the next key of the update server: devices move at once, and the key before can be retired',
  async () => {
    const [before] = await status();
    let shown = '';
    for (const words of next) shown = await ended(words);
    const header = (text: string): string | undefined => /^KEY .*$/m.exec(text)?.[0].replaceAll(/ +/g, ' ');
    expect(header(shown)).toBe(header(page));
    await site.device(uuid).json({ event: 'server-key-taken', epoch: 2 });
    expect(await updated(2, 'vendor.pem')).toEqual(done);
    expect(retire.map((words) => words.length)).toEqual([3]);
    for (const words of retire) await ended([...words.slice(0, -1), before?.id ?? '']);
    expect(readdirSync(join(site.stateDir, 'keys')).filter((file) => file.includes('.retired.'))).toEqual([
      expect.stringMatching(/\.retired\.json$/),
      expect.stringMatching(/\.retired\.pem$/),
      expect.stringMatching(/\.retired\.pub\.pem$/),
    ]);
    expect(await updated(3, 'vendor.pem')).toEqual(done);
  },
  patience,
);

test(
  'the next key of the vendor: devices answer as the page says, and take images of the new key alone',
  async () => {
    for (const words of nextVendors) await ended(words);
    expect(send).toHaveLength(1);
    for (const words of send) {
      expect(await ended(words)).toContain('10_OK');
      expect(await ended(words)).toContain('11_NOOP');
    }
    const [code, refused] = await updated(4, 'vendor.pem');
    expect([code, refused]).toEqual([3, expect.stringContaining('24_INNER-SIGN-INVALID')]);
    expect(await updated(5, 'vendor-2.pem')).toEqual(done);
  },
  patience,
);

test(
  'the update server’s key is lost: the bridge makes another one, which counts when the vendor has endorsed it',
  async () => {
    const keys = join(site.stateDir, 'keys');
    await site.stop();
    mkdirSync(site.path('lost'));
    const lost = readdirSync(keys).filter((file) =>
      /^(?:update-server.*\.pem|endorsement.*\.json)$/.test(file),
    );
    expect(lost.length).toBeGreaterThan(2);
    for (const file of lost) renameSync(join(keys, file), site.path(join('lost', file)));
    await site.serve();
    const made = ['--server-key', join(keys, 'update-server.pub.pem'), '--vendor-key', 'vendor-2.pem'];
    await ended(['endorse', ...made, '--epoch', '3', '--out', 'endorsement-3.json']);
    await ended(['rotate', 'activate', 'endorsement-3.json']);
    await site.startDevice(uuid);
    expect(await updated(6, 'vendor-2.pem')).toEqual(done);
    expect(await status()).toEqual([expect.objectContaining({ epoch: 3 })]);
  },
  patience,
);
