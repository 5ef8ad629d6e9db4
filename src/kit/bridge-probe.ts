import { decodeUtf8, toHex, utf8 } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { deviceUuid } from '../base/ids.ts';
import type { RandomBytes } from '../base/random.ts';
import { encodePieces } from '../mqtt/description-pieces.ts';
import { descriptionStatusTopic, descriptionTopic } from '../mqtt/topics.ts';
import type { MqttTransport } from '../mqtt/transport.ts';
import { parseRegistrationAnswer } from '../mup/endorsement.ts';
import { Inbox } from './inbox.ts';

/** How long a running bridge may take to say that it does not know a digest, milliseconds. */
const patienceMs = 2000;

/** `unheard`: the broker's access list keeps from the kit what a bridge would answer. */
export type BridgePresence = 'none' | 'there' | 'unheard';

/**
 * Whether a bridge serves the devices of this broker: it is asked, in the name of a device that there is not, whether it
 * knows a description that there is not, which leaves nothing behind at the bridge but a line of its log.
 */
export async function bridgePresence(
  transport: MqttTransport,
  random: RandomBytes,
  clock: Clock,
): Promise<BridgePresence> {
  const nobody = deviceUuid(`mup-device-test-${toHex(random(8))}`);
  const [question = new Uint8Array()] = encodePieces(utf8(`sha256:${toHex(random(32))}`), 128);
  const status = await Inbox.open(transport, descriptionStatusTopic(nobody), 1, clock);
  try {
    if (!(await status.hears(patienceMs))) return 'unheard';
    await transport.publish(descriptionTopic(nobody), question);
    const answer = await status.take(({ payload }) => {
      const { kind } = parseRegistrationAnswer(decodeUtf8(payload.subarray(0, 4096)) ?? '');
      return kind === 'malformed' ? undefined : kind;
    }, patienceMs);
    return answer === undefined ? 'none' : 'there';
  } finally {
    await status.close();
  }
}
