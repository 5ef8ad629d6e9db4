import { readFileSync } from 'node:fs';
import { type AttackStage, mallory } from './attack-stage.ts';
import { exampleDescription } from './system.ts';

/** A node of a description. */
export type DescriptionNode = Record<string, unknown>;

/** The example's description as the attacker's device would send it: of a category of its own, changed so. */
export function evilDescription(
  change: (nodeOf: (id: string) => DescriptionNode) => void = () => {},
): string {
  const document: { '@graph': DescriptionNode[] } = JSON.parse(readFileSync(exampleDescription, 'utf8'));
  const nodeOf = (id: string): DescriptionNode => {
    const node = document['@graph'].find((one) => one['@id'] === id);
    if (node === undefined) throw new Error(`the example has no node ${id}`);
    return node;
  };
  nodeOf('myno:deviceCategory')['onem2m:hasValue'] = 'EVIL-BOARD';
  change(nodeOf);
  return JSON.stringify(document);
}

/** Sends payloads as the description of a device. @returns what the bridge answers there */
export async function describeAs(
  stage: AttackStage,
  uuid: string,
  ...payloads: readonly (string | Uint8Array)[]
): Promise<string> {
  const from = stage.wire.messages.length;
  for (const payload of payloads) await stage.attacker.send(`mup/description/${uuid}`, payload);
  const { payload } = await stage.wire.next(`mup/description/${uuid}/status`, () => true, from);
  const [word, code] = payload.toString().split(';');
  return word === 'OK' ? 'bridge: OK' : `bridge: ${word};${code}`;
}

/** A description in one piece, sent by the attacker's own device: access lists allow it. */
export function describeMallory(stage: AttackStage, bytes: string | Uint8Array): Promise<string> {
  return describeAs(stage, mallory, Buffer.concat([Buffer.from('1/1;'), Buffer.from(bytes)]));
}
