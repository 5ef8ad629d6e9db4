/** What `mup update` reports while it works; `--json` prints one object per step. */
export type UpdateStep =
  | { readonly step: 'connected'; readonly host: string; readonly port: number }
  | {
      readonly step: 'device-found';
      readonly module: string;
      readonly presence: string;
      readonly firmwareVersion: number | undefined;
    }
  | { readonly step: 'image-uploaded'; readonly digest: string; readonly size: number }
  | { readonly step: 'image-known'; readonly digest: string }
  | { readonly step: 'ordered'; readonly job: string }
  | { readonly step: 'token'; readonly nonce: string; readonly version: number }
  | { readonly step: 'manifest-accepted'; readonly newVersion: number }
  | { readonly step: 'transfer'; readonly bytesSent: number; readonly bytesTotal: number }
  | { readonly step: 'image-verified'; readonly digest: string }
  | { readonly step: 'restarted'; readonly firmwareVersion: number };

/** A step as one line for people. */
export function stepLine(step: UpdateStep): string {
  switch (step.step) {
    case 'connected':
      return `connected to the bridge at ${step.host}:${step.port}`;
    case 'device-found':
      return `device is ${step.presence}${step.firmwareVersion === undefined ? '' : ` with version ${step.firmwareVersion}`}, its module is ${step.module}`;
    case 'image-uploaded':
      return `image ${step.digest} uploaded, ${step.size} octets`;
    case 'image-known':
      return `image ${step.digest} is at the bridge`;
    case 'ordered':
      return `update ordered, job ${step.job}`;
    case 'token':
      return `token received: version ${step.version}, nonce ${step.nonce}`;
    case 'manifest-accepted':
      return `manifest of version ${step.newVersion} accepted`;
    case 'transfer':
      return `${step.bytesSent} of ${step.bytesTotal} octets sent`;
    case 'image-verified':
      return 'image transferred and verified by the device';
    case 'restarted':
      return `device restarted with version ${step.firmwareVersion}`;
  }
}
