import { equalBytes, utf8 } from '../../base/bytes.ts';
import { deviceStateOf } from '../../mup/states.ts';
import type { Bench } from '../bench.ts';
import { type Check, CheckSkipped, checksOf, expectThat } from '../check.ts';
import { Inbox } from '../inbox.ts';

/** Messages that are no requests. */
const noRequests: readonly Uint8Array[] = [
  new Uint8Array(),
  utf8(';'),
  utf8('only-an-id'),
  utf8(';GET-DEVICE-TOKEN'),
  Uint8Array.of(0xff, 0xfe, 0x3b, 0x00, 0x3b),
  utf8(`${'9'.repeat(200)};${'X'.repeat(200)}`),
];

/** Requests and answers (mup-protocol §2). */
export const rpcChecks: readonly Check[] = checksOf(
  'rpc',
  { section: '§2' },
  {
    malformed: {
      title: 'What is no request changes nothing: the device answers the next one.',
      severity: 'critical',
      run: async (bench) => {
        const { transport, requests } = bench.options;
        const { topic } = requests.operation('token');
        for (const payload of noRequests) await transport.publish(topic, payload);
        await bench.token();
      },
    },
    'method-unknown': {
      title: 'A request with a method that no operation has is answered with an error.',
      severity: 'minor',
      run: async (bench) => {
        const { requests, limits } = bench.options;
        const token = requests.operation('token');
        const changes = { method: 'MUP-DEVICE-TEST' };
        const { response } = await requests.ask(token, [], limits.timeoutMs, changes);
        expectThat(deviceStateOf(response.state) === '12_ERROR', '12_ERROR', response.state.slice(0, 80));
      },
    },
    'request-id': {
      title: 'The answer repeats the request id as it came, up to 64 octets.',
      run: async (bench) => {
        const { requests, limits } = bench.options;
        const id = (bench.options.requests.nextId() + 'aB3-'.repeat(16)).slice(0, 64);
        await requests.ask(requests.operation('token'), [], limits.timeoutMs, { id });
      },
    },
    'correlation-data': {
      title: 'Over MQTT 5 the answer brings the Correlation Data of the request back.',
      severity: 'minor',
      run: async (bench) => {
        const { requests, limits } = bench.options;
        requireMqtt5(bench);
        const correlationData = utf8(requests.nextId());
        const changes = { options: { correlationData } };
        const { message } = await requests.ask(requests.operation('token'), [], limits.timeoutMs, changes);
        if (message.correlationData === undefined)
          throw new CheckSkipped(
            'the answer has none: the device speaks MQTT 3.1.1, or leaves it out, as it may',
          );
        expectThat(
          equalBytes(message.correlationData, correlationData),
          'the Correlation Data of the request',
          'other',
        );
      },
    },
    'response-topic': {
      title: 'The answer goes to the topic of the description, whatever Response Topic a request brings.',
      severity: 'critical',
      run: (bench) => publishesNowhereElse(bench),
    },
    retained: {
      title: 'A request that the broker has retained is not carried out again after a reconnect.',
      severity: 'critical',
      needs: ['reconnect'],
      run: async (bench) => {
        const { requests, limits, transport, reconnection } = bench.options;
        const token = requests.operation('token');
        const id = requests.nextId();
        try {
          await requests.ask(token, [], limits.timeoutMs, { id, options: { retain: true } });
          await reconnection.run();
          const next = requests.nextId();
          await requests.send(token, [], { id: next });
          const again = await requests.either(token, [id, next], limits.timeoutMs);
          expectThat(
            again === next,
            'no second answer to a retained request',
            again === id ? 'one' : 'no answer',
          );
        } finally {
          await transport.publish(token.topic, new Uint8Array(), { retain: true });
        }
      },
    },
  },
);

function requireMqtt5({ options: { transport } }: Bench): void {
  if (transport.protocolVersion !== 5) throw new CheckSkipped('the broker speaks MQTT 3.1.1');
}

/** A device that publishes where it is told to is a tool for attackers. */
async function publishesNowhereElse(bench: Bench): Promise<void> {
  const { requests, limits, transport, description } = bench.options;
  requireMqtt5(bench);
  const token = requests.operation('token');
  // Under the device's own topics, which a broker with access lists lets us hear.
  const responseTopic = `${token.topic}/mup-device-test/${description.uuid}`;
  const elsewhere = await Inbox.open(transport, responseTopic, 1, bench.options.clock);
  try {
    if (!(await elsewhere.hears(limits.timeoutMs)))
      throw new CheckSkipped('the broker does not let the kit hear other topics than those of the protocol');
    await requests.ask(token, [], limits.timeoutMs, {
      options: { responseTopic, correlationData: utf8('1') },
    });
    await bench.token();
    const heard = await elsewhere.take(() => true as const, 0);
    expectThat(heard === undefined, 'nothing on the Response Topic of the request', 'an answer');
  } finally {
    await elsewhere.close();
  }
}
