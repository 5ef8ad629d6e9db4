import type { CommandDefinition } from '../command.ts';
import { configFileOption, ontologiesOption, passphraseFileOption } from '../options.ts';

/** `mup device`: a device agent. */
export const deviceCommand: CommandDefinition = {
  name: 'device',
  summary: 'run a device: a simulator, or the agent of a Linux-class device',
  description:
    'Runs a device until SIGINT or SIGTERM: registers with its description, answers the requests that the ' +
    'description names, publishes telemetry, and takes part in updates with every check of the protocol. ' +
    'Its firmware, version and keys stay in the state directory. Needs a broker, and does not need the ' +
    'bridge to run already. Prints its events to stdout; the log goes to stderr.',
  options: [
    {
      name: 'description',
      value: 'FILE',
      description: 'JSON-LD description; %s is the UUID',
      required: true,
    },
    ontologiesOption,
    { name: 'uuid', value: 'UUID', description: "device's UUID", required: true },
    { name: 'state-dir', value: 'DIR', description: 'directory of this device alone', required: true },
    { name: 'mqtt-url', value: 'URL', description: 'broker, mqtt:// or mqtts:// (or set MUP_MQTT_URL)' },
    { name: 'app-id', value: 'ID', description: 'App ID of the firmware it takes (default: app)' },
    {
      name: 'firmware-version',
      value: 'N',
      description: 'version a new device runs (default: 1); an updated one keeps its own',
    },
    { name: 'slot-bytes', value: 'N', description: 'largest image it takes (default: images.maxImageBytes)' },
    {
      name: 'vendor-key',
      value: 'FILE',
      description: "vendor's public key; no update without it, nor from a bridge this vendor did not endorse",
    },
    {
      name: 'trust-first-key',
      description:
        'without --vendor-key: keep the first update server’s key that comes. Such a device still refuses ' +
        'every update, for only the vendor’s key verifies a manifest’s inner signature',
    },
    {
      name: 'sign-key',
      value: 'FILE',
      description:
        "device's own private key, PEM: it signs its description, and nobody else describes it then",
    },
    passphraseFileOption,
    {
      name: 'telemetry-interval-ms',
      value: 'N',
      description: 'pause between measurements (default: 10000; 0: none)',
    },
    { name: 'piece-bytes', value: 'N', description: 'octets of a piece of the description (default: 4096)' },
    { name: 'digest-first', description: 'announce the digest first, the description only when asked' },
    { name: 'log-level', value: 'LEVEL', description: 'least important level logged (default: info)' },
    configFileOption,
    { name: 'json', description: 'print events as JSON, one object a line, slices included' },
  ],
  examples: [
    {
      line: 'mup device --description ontologies/examples/updatable-device.jsonld --uuid 3F2504E0-4F89-11D3-9A0C-0305E82C3301 --mqtt-url mqtt://127.0.0.1:1883 --state-dir device-1 --vendor-key vendor.pub.pem',
      text: 'Run a simulated device that can be updated',
    },
  ],
  run: async (args, io) => (await import('../adapters/device.ts')).runDeviceCommand(args, io),
};
