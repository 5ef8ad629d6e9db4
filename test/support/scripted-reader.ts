import { sha256 } from '../../src/base/adapters/node-runtime.ts';
import { decodeUtf8, utf8 } from '../../src/base/bytes.ts';
import type { DeviceDescription } from '../../src/base/description.ts';
import type { DeviceUuid } from '../../src/base/ids.ts';
import { DescriptionError } from '../../src/ontology/description-error.ts';
import type { DescriptionReader } from '../../src/ontology/description-reader.ts';
import { type DescriptionTemplate, uuidPlaceholder } from '../../src/ontology/description-template.ts';

/** The template that a device's description comes from. */
export function templateOf(description: DeviceDescription, text: string): DescriptionTemplate {
  return {
    digest: sha256(utf8(text)),
    description: JSON.parse(
      JSON.stringify(description).replaceAll(description.uuid, uuidPlaceholder),
    ) as DeviceDescription,
  };
}

/** A {@link DescriptionReader} that knows the descriptions it was told of. */
export class ScriptedReader implements DescriptionReader {
  /** Texts that were asked for, in order. */
  readonly asked: string[] = [];
  closed = false;
  readonly #answers = new Map<string, () => Promise<DescriptionTemplate>>();

  /** Makes a text the description of devices like this one. @returns its template */
  knows(text: string, description: DeviceDescription): DescriptionTemplate {
    const template = templateOf(description, text);
    this.answers(text, () => Promise.resolve(template));
    return template;
  }

  /** Makes reading a text do something else. */
  answers(text: string, answer: () => Promise<DescriptionTemplate>): void {
    this.#answers.set(text, answer);
  }

  read(_uuid: DeviceUuid, bytes: Uint8Array): Promise<DescriptionTemplate> {
    const text = decodeUtf8(bytes) ?? '';
    this.asked.push(text);
    const answer = this.#answers.get(text);
    if (answer !== undefined) return answer();
    return Promise.reject(new DescriptionError('description-malformed', 'the description is no JSON-LD'));
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
