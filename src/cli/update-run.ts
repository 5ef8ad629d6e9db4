import type { Clock } from '../base/clock.ts';
import type { UpdateConfig } from '../base/config.ts';
import type { DeviceUuid, Digest } from '../base/ids.ts';
import type { VendorManifest } from '../mup/manifest.ts';
import type { PrivateKey, SignatureScheme } from '../mup/signature-scheme.ts';
import { extendManifest } from '../mup/signing.ts';
import { checkUpdate } from '../mup/update-checks.ts';
import type { XmlElement } from '../xml/element.ts';
import { type DeviceEntry, deviceOf, getDevice } from './device-entry.ts';
import { firmwareRpc, manifestRpc, tokenOf, tokenRpc } from './device-rpc.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import { maxDelayMs } from './max-delay.ts';
import { sleep } from './sleep.ts';
import {
  findDevice,
  provideImage,
  type UpdatePreparation,
  type UpdateSession,
} from './update-preparation.ts';
import { cutFor } from './update-slices.ts';

export interface UpdateRequest {
  readonly uuid: DeviceUuid;
  readonly manifest: VendorManifest;
  /** The image, where it is at hand; else the bridge has to hold it. */
  readonly image: Uint8Array | undefined;
}

export interface UpdateDependencies extends UpdatePreparation {
  /** A second session: asks for progress while the first waits for the device. */
  readonly observer: UpdateSession;
  readonly serverKey: PrivateKey;
  readonly scheme: SignatureScheme;
  readonly sha256: (bytes: Uint8Array) => Digest;
  readonly config: UpdateConfig;
  readonly clock: Clock;
}

/** How often progress and the restart are looked at. */
const pollMs = 200;
/** What the bridge may take on top of the device's deadline to say so. */
const marginMs = 5000;

/**
 * One update of one device, as the paper's update server performs it (§3.2, Figure 2), driven from
 * outside the bridge over NETCONF.
 * @returns the version that the device reports after its restart; undefined for one that always reports the same
 * @throws CommandError, PeerError of `checkUpdate`, and what the sessions throw
 */
export async function runUpdateSteps(
  request: UpdateRequest,
  deps: UpdateDependencies,
): Promise<number | undefined> {
  const { session, config, signal, onStep } = deps;
  const { manifest, image } = request;
  const device = await findDevice(request.uuid, deps);
  await provideImage(manifest.digest, image && { manifest, image }, deps);
  const answer = await session.rpc(tokenRpc(device), {
    timeoutMs: config.tokenDeadlineMs + marginMs,
    signal,
  });
  const token = tokenOf(device, answer);
  onStep({ step: 'token', nonce: token.nonce, version: token.version });
  checkUpdate(manifest, token);
  const cut = await cutFor(device, request, config, deps.sha256);
  const { serverKey, scheme } = deps;
  const extended = extendManifest({ ...manifest, ...cut }, token, serverKey, scheme, device.profile);
  await session.rpc(manifestRpc(device, extended), {
    timeoutMs: config.manifestDeadlineMs + marginMs,
    signal,
  });
  onStep({ step: 'manifest-accepted', newVersion: manifest.newVersion });
  await transfer(device, request, deps);
  onStep({ step: 'image-verified', digest: manifest.digest });
  if (device.profile === 'myno') return waitForAnswer(device, deps);
  const version = await waitForRestart(request, deps);
  onStep({ step: 'restarted', firmwareVersion: version });
  return version;
}

/**
 * Steps 5 and 6. The transfer itself has no deadline, however large the image; it is given up when the
 * bridge reports no progress for as long as the bridge itself would wait.
 */
async function transfer(
  device: DeviceEntry,
  { uuid, manifest }: UpdateRequest,
  deps: UpdateDependencies,
): Promise<void> {
  const { session, observer, config, clock, signal, onStep } = deps;
  const stalled = new AbortController();
  const finished = new AbortController();
  const rpc = session
    .rpc(firmwareRpc(device, manifest.digest), {
      timeoutMs: maxDelayMs,
      signal: AbortSignal.any([signal, stalled.signal]),
    })
    .finally(() => finished.abort());
  const patience = config.stallTimeoutMs + config.verifyDeadlineMs + marginMs;
  let lastBytes = -1;
  let lastProgress = clock.monotonic();
  const watch = async (): Promise<void> => {
    while (!finished.signal.aborted && !signal.aborted) {
      const update = deviceOf(await ask(observer, getDevice(uuid), deps), uuid)?.update;
      if (update !== undefined && update.bytesSent !== lastBytes && !finished.signal.aborted) {
        lastBytes = update.bytesSent;
        lastProgress = clock.monotonic();
        onStep({ step: 'transfer', ...update });
      }
      if (clock.monotonic() - lastProgress > patience) stalled.abort();
      await sleep(pollMs, clock, finished.signal);
    }
  };
  // Progress is only shown: a watcher that fails does not fail the update.
  await Promise.all([rpc, watch().catch(() => {})]).catch((error: unknown) => {
    if (!stalled.signal.aborted) throw error;
    throw new CommandError(
      exitCodes.deviceUnavailable,
      'transfer-stalled',
      `the transfer made no progress for ${patience} ms`,
    );
  });
  if (lastBytes !== manifest.size)
    onStep({ step: 'transfer', bytesSent: manifest.size, bytesTotal: manifest.size });
}

/** Step 7: the update has succeeded when the device says so itself, not before. */
async function waitForRestart({ uuid, manifest }: UpdateRequest, deps: UpdateDependencies): Promise<number> {
  const { session, clock, config, signal } = deps;
  const deadline = clock.monotonic() + config.restartDeadlineMs;
  for (;;) {
    const device = deviceOf(await ask(session, getDevice(uuid), deps), uuid);
    if (device?.firmwareVersion === manifest.newVersion) return device.firmwareVersion;
    if (clock.monotonic() >= deadline)
      throw new CommandError(
        exitCodes.deviceUnavailable,
        'restart-timeout',
        `the device did not report version ${manifest.newVersion} in ${config.restartDeadlineMs} ms; it reported ${device?.firmwareVersion ?? 'none'}`,
        { hint: 'It may still come: look at its entry in devices/device later.' },
      );
    await sleep(pollMs, clock, signal);
    signal.throwIfAborted();
  }
}

/** All that shows of the restart of a prototype's device: it answers (docs/adr/0022). */
async function waitForAnswer(device: DeviceEntry, deps: UpdateDependencies): Promise<undefined> {
  const { session, clock, config, signal } = deps;
  const deadline = clock.monotonic() + config.restartDeadlineMs;
  for (;;) {
    try {
      await session.rpc(tokenRpc(device), { timeoutMs: config.tokenDeadlineMs + marginMs, signal });
      return undefined;
    } catch (error) {
      if (signal.aborted || clock.monotonic() >= deadline) throw error;
    }
    await sleep(pollMs, clock, signal);
  }
}

function ask(session: UpdateSession, operation: XmlElement, deps: UpdateDependencies): Promise<XmlElement> {
  return session.rpc(operation, { timeoutMs: deps.config.tokenDeadlineMs, signal: deps.signal });
}
