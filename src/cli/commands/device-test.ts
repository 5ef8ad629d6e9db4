import type { CommandDefinition } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { configFileOption, jsonOption, ontologiesOption, passphraseFileOption } from '../options.ts';

/** `mup device-test`: the conformance kit. */
export const deviceTestCommand: CommandDefinition = {
  name: 'device-test',
  summary: 'try a device out: the protocol, its edge cases, and attacks',
  description:
    "Takes the bridge's place at the broker, for one device: answers its registration, sends requests, manifests, " +
    'slices and attacks, and reports what the device made of them. Needs no bridge, and refuses to work beside one. ' +
    'Signs with keys of the vendor and of an update server, so use those of a device on the bench, not of the field. ' +
    'The checks update/… install two images: random octets, unless --image names some that the device can boot. ' +
    'Ends with 0 when everything is as expected and with 1 when it is not.',
  options: [
    { name: 'uuid', value: 'UUID', description: "device's UUID (required but with --list)" },
    { name: 'mqtt-url', value: 'URL', description: 'broker, mqtt:// or mqtts:// (or set MUP_MQTT_URL)' },
    {
      name: 'vendor-key',
      value: 'FILE',
      description: "vendor's private key, PEM (required but with --list)",
    },
    {
      name: 'server-key',
      value: 'FILE',
      description:
        "update server's private key (default: a new one, endorsed by the vendor's); devices of the prototype hold one",
    },
    passphraseFileOption,
    {
      name: 'epoch',
      value: 'N',
      description: 'epoch of its endorsement, not lower than the one that the device keeps (default: 1)',
    },
    {
      name: 'vendor-counter',
      value: 'N',
      description: "counter of the vendor's next key in vendor/…, higher than the device's (default: 1)",
    },
    {
      name: 'app-id',
      value: 'ID',
      description: 'App ID of the firmware (default: that of --image, else app)',
    },
    {
      name: 'image',
      value: 'FILE',
      description:
        'image that the device can boot, its manifest beside it; a second, newer one for update/interrupted',
      repeatable: true,
    },
    {
      name: 'description',
      value: 'FILE',
      description: 'do not wait until the device describes itself: it is registered',
    },
    ontologiesOption,
    {
      name: 'client-id',
      value: 'ID',
      description: "device's MQTT client id, to end its connection (default: mup-device-UUID)",
    },
    {
      name: 'beside-bridge',
      description: 'go on although a bridge serves this broker, and answers the device too',
    },
    {
      name: 'only',
      value: 'GLOB',
      description: 'make only checks whose id matches: slices/*',
      repeatable: true,
    },
    { name: 'list', description: 'print the checks and what they need, and do nothing' },
    { name: 'expected-failures', value: 'FILE', description: 'ids of checks that may fail, one a line' },
    { name: 'junit', value: 'FILE', description: 'write the report as JUnit XML, too' },
    { name: 'log-level', value: 'LEVEL', description: 'least important level logged (default: info)' },
    configFileOption,
    jsonOption,
  ],
  examples: [
    { line: 'mup device-test --list', text: 'See what is tried' },
    {
      line: 'mup device-test --uuid BENCH-1 --mqtt-url mqtt://192.168.1.10 --vendor-key vendor.pem --app-id lamp',
      text: 'Try a device that boots whatever is signed',
    },
    {
      line: 'mup device-test --uuid BENCH-1 --mqtt-url mqtt://192.168.1.10 --vendor-key vendor.pem --image lamp-2.bin --image lamp-3.bin --junit report.xml',
      text: 'Try one that boots firmware only',
    },
  ],
  exitCodes: [exitCodes.interrupted],
  run: async (args, io) => (await import('../adapters/device-test.ts')).runDeviceTest(args, io),
};
