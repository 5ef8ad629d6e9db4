import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { defaultConfig } from '../../src/base/config.ts';
import { PeerError, UnavailableError } from '../../src/base/errors.ts';
import { deviceUuid } from '../../src/base/ids.ts';
import { isErrorState } from '../../src/bridge/device-caller.ts';
import type { RpcOutput } from '../../src/netconf/backend.ts';
import type { RpcError } from '../../src/netconf/rpc-error.ts';
import { toRpcError } from '../../src/netconf/to-rpc-error.ts';
import { textOf } from '../../src/xml/element.ts';
import { description, field, operation } from '../support/example-description.ts';
import { BenchBridge, newWorld } from './bench-bridge.ts';

const uuid = deviceUuid('dev-1');
const answers = 'mup/response/dev-1';
const percent = { kind: 'scalar', datatype: 'int', minInclusive: '0', maxInclusive: '100' } as const;

const lamp = description({
  operations: [
    operation('dim', {
      states: [{ name: '10_OK' }, { name: '11_NOOP' }, { name: '12_ERROR', text: 'the bulb is broken' }],
      inputs: [field('level', percent)],
      outputs: [field('before', percent)],
    }),
    operation('say', { inputs: [field('text', { kind: 'scalar', datatype: 'string' })] }),
  ],
});

describe('one request, one answer, or the rpc-error of netconf-wire', () => {
  let bench: BenchBridge;

  const dim = (level = '5'): Promise<RpcOutput> =>
    bench.call('mqtt-lamp', 'dim', { uuidInput: 'dev-1', level });

  /** What the client gets for a call that fails. */
  const failure = async (call: Promise<unknown>): Promise<RpcError> => {
    const thrown: unknown = await call.then(
      (value) => {
        throw new Error(`answered ${JSON.stringify(value)}`);
      },
      (error: unknown) => error,
    );
    const { error, unforeseen } = toRpcError(thrown);
    expect(unforeseen).toBe(false);
    return error;
  };

  const start = async (changes: Partial<typeof defaultConfig.rpc> = {}): Promise<void> => {
    bench = await BenchBridge.start(newWorld(), { rpc: { ...defaultConfig.rpc, ...changes } });
    await bench.register(lamp);
  };

  beforeEach(() => start());
  afterEach(() => bench.close());

  test('an answer comes back as retval and outputs', async () => {
    const requests = bench.play('device/dev-1', answers, () => '10_OK;40');
    expect((await dim()).map((one) => [one.name, textOf(one)])).toEqual([
      ['retval', '10_OK'],
      ['before', '40'],
    ]);
    expect(requests).toEqual(['DIM;5']);
  });

  test('device-offline: a device whose will was published is not asked', async () => {
    const requests = bench.play('device/dev-1', answers, () => '10_OK;40');
    bench.broker.inject('mup/status/dev-1', 'offline', { retain: true });
    await bench.settled();
    expect(await failure(dim())).toMatchObject({ tag: 'operation-failed', code: 'device-offline' });
    expect(requests).toEqual([]);
    bench.broker.inject('mup/status/dev-1', 'online;1', { retain: true });
    await bench.settled();
    expect(await dim()).toHaveLength(2);
  });

  test('device-timeout: no answer before the deadline, and a late one is dropped', async () => {
    bench.play('device/dev-1', answers, () => undefined);
    const call = failure(dim());
    await bench.settled();
    bench.clock.advance(defaultConfig.rpc.timeoutMs);
    expect(await call).toMatchObject({
      type: 'application',
      tag: 'operation-failed',
      code: 'device-timeout',
      message: expect.stringContaining('dev-1'),
    });
  });

  test('device-error: an error state goes to the client with its description', async () => {
    bench.play('device/dev-1', answers, () => '12_ERROR');
    const error = await failure(dim());
    expect(error).toMatchObject({ tag: 'operation-failed', code: 'device-error' });
    expect(error.message).toContain('12_ERROR: the bulb is broken');
    expect(error.fields.info?.map((one) => [one.name, textOf(one)])).toEqual([['device-state', '12_ERROR']]);
  });

  test('device-error: a state that is any text is bounded and cannot forge a line', async () => {
    bench.play('device/dev-1', answers, () => `ERROR \n\u001b[2Jforged ${'x'.repeat(5000)}`);
    const error = await failure(bench.call('mqtt-lamp', 'say', { uuidInput: 'dev-1', text: 'x' }));
    expect(error.code).toBe('device-error');
    expect(error.message.length).toBeLessThan(400);
    expect(error.message).not.toContain('\n');
    expect(error.message).not.toContain('\u001b');
  });

  test.each([
    ['a state that it does not describe', '13_NEW;40'],
    ['no state', ''],
    ['an escape that is none', '10_OK;%zz'],
    ['a value outside its range', '10_OK;101'],
    ['a value that is none', '10_OK;half'],
    ['too few values', '10_OK'],
    ['too many values', '10_OK;40;41'],
  ])('device-answer-invalid: %s', async (_, answer) => {
    bench.play('device/dev-1', answers, () => answer);
    expect(await failure(dim())).toMatchObject({ tag: 'operation-failed', code: 'device-answer-invalid' });
  });

  test('an answer from another device’s topic is not believed', async () => {
    bench.play('device/dev-1', 'mup/response/dev-2', () => '10_OK;40');
    const call = failure(dim());
    await bench.settled();
    bench.clock.advance(defaultConfig.rpc.timeoutMs);
    expect((await call).code).toBe('device-timeout');
  });

  test('broker-offline: at once when there is no connection, and when it breaks on the way', async () => {
    bench.play('device/dev-1', answers, () => '10_OK;40');
    bench.transport.publishFaults.push({ error: new UnavailableError('mqtt-lost', 'lost'), arrives: false });
    expect(await failure(dim())).toMatchObject({ tag: 'operation-failed', code: 'broker-offline' });
    bench.transport.disconnect();
    expect(await failure(dim())).toMatchObject({ tag: 'operation-failed', code: 'broker-offline' });
    bench.transport.reconnect();
    expect(await dim()).toHaveLength(2);
  });

  test('broker-refused: the broker does not let the bridge publish there', async () => {
    bench.transport.publishFaults.push({
      error: new PeerError('mqtt-refused', 'not authorised'),
      arrives: false,
    });
    expect(await failure(dim())).toMatchObject({ tag: 'operation-failed', code: 'broker-refused' });
  });

  test('resource-denied: more requests in flight than rpc.maxInFlightPerDevice', async () => {
    await bench.close();
    await start({ maxInFlightPerDevice: 2 });
    const inFlight = [failure(dim()), failure(dim())];
    expect(await failure(dim())).toMatchObject({ tag: 'resource-denied', code: 'too-many-requests' });
    await bench.settled();
    bench.clock.advance(defaultConfig.rpc.timeoutMs);
    expect((await Promise.all(inFlight)).map(({ code }) => code)).toEqual([
      'device-timeout',
      'device-timeout',
    ]);
  });

  test('too-big: a request that the broker would drop', async () => {
    bench.broker.maxPayloadBytes = 100;
    const call = bench.call('mqtt-lamp', 'say', { uuidInput: 'dev-1', text: 'x'.repeat(200) });
    expect(await failure(call)).toMatchObject({ tag: 'too-big', code: 'packet-too-big' });
  });

  test('invalid-value: a value that the device’s profile cannot carry', async () => {
    const old = description({ category: 'Old', profile: 'myno', operations: lamp.operations });
    await bench.register({ ...old, uuid: deviceUuid('dev-1') });
    const call = bench.call('mqtt-old', 'say', { uuidInput: 'dev-1', text: 'a;b' });
    expect(await failure(call)).toMatchObject({ tag: 'invalid-value' });
  });

  test('a session that ends cancels its request', async () => {
    const session = new AbortController();
    const call = failure(bench.call('mqtt-lamp', 'dim', { uuidInput: 'dev-1', level: '5' }, session.signal));
    await bench.settled();
    session.abort();
    expect((await call).code).toBe('cancelled');
  });

  test('data-missing: the UUID of no registered device', async () => {
    for (const uuidInput of ['dev-9', 'not a uuid', ''])
      expect(await failure(bench.call('mqtt-lamp', 'dim', { uuidInput, level: '5' }))).toMatchObject({
        tag: 'data-missing',
        code: 'instance-required',
      });
  });

  test('operation-not-supported: the module has the RPC, the device lacks it', async () => {
    await bench.register({ ...lamp, operations: lamp.operations.slice(1) }, 'less', deviceUuid('dev-2'));
    await bench.register(description({ category: 'Other' }), 'other', deviceUuid('dev-3'));
    for (const uuidInput of ['dev-2', 'dev-3'])
      expect(await failure(bench.call('mqtt-lamp', 'dim', { uuidInput, level: '5' }))).toMatchObject({
        tag: 'operation-not-supported',
        code: 'capability-missing',
      });
  });

  test('statistics count what was asked, answered, too late and dropped', async () => {
    bench.play('device/dev-1', answers, () => '10_OK;40');
    await dim();
    bench.broker.inject(answers, 'nobody-asked;10_OK');
    await bench.settled();
    const statistics = (await bench.get()).find(({ name }) => name === 'statistics');
    const values = Object.fromEntries(
      (statistics?.children ?? []).flatMap((one) =>
        typeof one === 'string' ? [] : [[one.name, textOf(one)]],
      ),
    );
    expect(values).toEqual({
      requests: '1',
      answers: '1',
      timeouts: '0',
      'dropped-answers': '1',
      'registrations-accepted': '1',
      'registrations-refused': '0',
    });
    expect(bench.registry.get(uuid)).toBeDefined();
  });
});

describe('which states are failures (mup-protocol §3, States)', () => {
  test.each([
    ['10_OK', false],
    ['11_NOOP', false],
    ['12_ERROR', true],
    ['28_IMAGE-INVALID', true],
    ['12 error', true],
    ['10', false],
    ['OK', false],
    ['ERROR', true],
    ['error', true],
    ['TERRORS', false],
  ])('%s: %p', (state, failed) => {
    expect(isErrorState(state)).toBe(failed);
  });
});
