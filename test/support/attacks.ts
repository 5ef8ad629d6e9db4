import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AttackStage, type BrokerMode, type StageOptions } from './attack-stage.ts';
import { RefusedByBroker } from './attacker.ts';
import { root } from './paths.ts';
import { describeWith } from './peers.ts';

/** Where an attack is known from; `docs/attacks.md` cites the sources. */
export interface AttackIds {
  /** Threats of RFC 9124 §4.2, without `THREAT.`. */
  readonly rfc9124?: readonly string[];
  /** Attacks by the names of TUF's list. */
  readonly tuf?: readonly string[];
  /** Attacks by the names of the Uptane Standard, §4.3. */
  readonly uptane?: readonly string[];
}

/** One attack on the running bridge and its devices. */
export interface Attack {
  readonly name: string;
  /** What the attacker does, for the table. */
  readonly how: string;
  readonly ids: AttackIds;
  /**
   * Mounts it. What the broker refuses on the way ends it.
   * @returns who refused it and with which code; else what it achieved
   */
  readonly mount: (stage: AttackStage) => Promise<string>;
  /** What came of it, without access lists and behind those of `deploy/`. */
  readonly outcome: Readonly<Record<BrokerMode, string>>;
}

/** A row of mup-protocol §5 with its attacks. */
export interface AttackRow {
  readonly title: string;
  readonly attacks: readonly Attack[];
}

/** What comes of a message that the access lists do not allow, by MQTT 5. */
export function notAuthorized(topic: string): string {
  return new RefusedByBroker(topic, 0x87).message;
}

/** Written by the tests themselves with MUP_UPDATE_GOLDEN=1; else compared. */
const documentFile = join(root, 'docs', 'attacks.md');
const writes = process.env['MUP_UPDATE_GOLDEN'] === '1';
// The programs that the tests start take no MUP_ variable that they do not know.
delete process.env['MUP_UPDATE_GOLDEN'];
const patience = 300_000;
const modes: readonly BrokerMode[] = ['open', 'acl'];
const modeNames: Readonly<Record<BrokerMode, string>> = {
  open: 'an ACL-free broker',
  acl: 'the access lists of deploy/',
};

/**
 * Mounts each attack with an ACL-free Mosquitto and behind the files of `deploy/`: it ends as it says, and after it an
 * honest call and an honest update succeed. What came of them all has to stand in `docs/attacks.md`.
 */
export function describeAttacks(rows: readonly AttackRow[], options: StageOptions = {}): void {
  const seen = new Map<Attack, Partial<Record<BrokerMode, string>>>();
  describeWith(['mosquitto'], 'attacks', () => {
    describe.each(modes)('%s', (mode) => {
      let stage: AttackStage;
      beforeAll(async () => {
        stage = await AttackStage.start(mode, options);
      }, patience);
      afterAll(() => stage?.stop(), patience);

      describe.each(rows)('$title', ({ attacks }) => {
        test.each(attacks)(
          `$name, with ${modeNames[mode]}`,
          async (attack) => {
            const outcome = await outcomeOf(attack, stage);
            expect(outcome).toBe(attack.outcome[mode]);
            seen.set(attack, { ...seen.get(attack), [mode]: outcome });
            await stage.honestWork();
          },
          patience,
        );
      });
    });

    test.each(rows)('docs/attacks.md says what was seen: $title', (row) => {
      const table = tableOf(row, seen);
      if (writes) writeFileSync(documentFile, withSection(read(), row.title, table));
      expect(sectionOf(read(), row.title)).toBe(table);
    });
  });
}

async function outcomeOf({ mount }: Attack, stage: AttackStage): Promise<string> {
  try {
    return await mount(stage);
  } catch (error) {
    if (error instanceof RefusedByBroker) return error.message;
    throw error;
  } finally {
    // Whatever was stopped to catch a moment goes on.
    stage.resume();
  }
}

/** What came of an attack, as it was seen. */
type Seen = ReadonlyMap<Attack, Partial<Record<BrokerMode, string>>>;

function tableOf({ attacks }: AttackRow, seen: Seen): string {
  const lines = attacks.map((attack) => {
    const { open, acl } = seen.get(attack) ?? {};
    if (open === undefined || acl === undefined)
      throw new Error(`${attack.name}: it was not seen to the end`);
    return [`**${attack.name}**: ${attack.how}`, open, acl, idsText(attack.ids)];
  });
  const header = [['attack', 'without ACLs', 'with the ACLs of deploy/', 'known as'], Array(4).fill('---')];
  return [...header, ...lines].map((cells) => `| ${cells.map(cell).join(' | ')} |\n`).join('');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');
}

function idsText({ rfc9124 = [], tuf = [], uptane = [] }: AttackIds): string {
  return [
    ...rfc9124.map((id) => `THREAT.${id}`),
    ...tuf.map((name) => `TUF: ${name}`),
    ...uptane.map((name) => `Uptane: ${name}`),
  ].join('; ');
}

function read(): string {
  return existsSync(documentFile) ? readFileSync(documentFile, 'utf8') : '';
}

/** The rest of a section of the document after its heading, up to the next one. */
function sectionOf(document: string, title: string): string | undefined {
  const [, after] = document.split(`\n## ${title}\n\n`);
  return after?.split('\n## ')[0]?.replace(/\n+$/, '\n');
}

function withSection(document: string, title: string, text: string): string {
  const old = sectionOf(document, title);
  if (old === undefined) return `${document.trimEnd()}\n\n## ${title}\n\n${text}`;
  return document.replace(`\n## ${title}\n\n${old}`, () => `\n## ${title}\n\n${text}`);
}
