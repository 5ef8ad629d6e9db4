import { decodeUtf8Lossy, toHex } from '../../base/bytes.ts';
import type { RegistrationConfig } from '../../base/config.ts';
import type { DeviceDescription } from '../../base/description.ts';
import { pack } from '../../ontology/adapters/inflate.ts';
import { withLeafNames } from '../../yang/identifiers.ts';
import type { CommandArguments } from '../arguments.ts';
import { type CheckedDevice, type CheckReport, type FormSize, reportLines } from '../check-report.ts';
import type { CliIo } from '../command.ts';
import { limitWarnings } from '../device-limits.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printResult } from '../output.ts';
import { findingsOf, placed } from '../placed-finding.ts';
import { topicFaults, topicUses } from '../topic-uses.ts';
import { descriptionForms } from './describe-forms.ts';
import { type DescribedModule, describedModule } from './describe-module.ts';
import { AuthorsReader, type ReadDescription } from './describe-reader.ts';

const defaultPieceBytes = 4096;

/** `mup describe check` */
export async function runDescribeCheck(args: CommandArguments, io: CliIo): Promise<ExitCode> {
  const reader = new AuthorsReader(args, io);
  try {
    const pieceBytes = args.integer('piece-bytes', 1, reader.config.mqtt.maxPacketBytes) ?? defaultPieceBytes;
    const report = await check(reader, args.argument('FILE'), pieceBytes);
    printResult(args, io, report, reportLines(report));
    const { accepted, remarks, warnings } = report;
    const isFaulty = !accepted || (args.flag('strict') && remarks.length + warnings.length > 0);
    return isFaulty ? exitCodes.faults : exitCodes.ok;
  } finally {
    await reader.close();
  }
}

async function check(reader: AuthorsReader, path: string, pieceBytes: number): Promise<CheckReport> {
  let text = '';
  try {
    const file = await reader.open(path);
    text = decodeUtf8Lossy(file.bytes);
    const described = await describedModule(reader, file);
    const { remarks } = described.read.template.description;
    const findings = topicFaults(described.description).map((fault) => placed(fault, text));
    if (findings.length > 0) return { file: path, accepted: false, findings, remarks, warnings: [] };
    const template = withLeafNames(described.read.template.description);
    const device = await checkedDevice(described, template, reader, pieceBytes);
    const warnings = [
      ...signatureWarnings(described.read),
      ...limitWarnings(template),
      ...sizeWarnings(device.forms, reader.config.registration),
    ];
    return { file: path, accepted: true, findings, remarks, warnings, device };
  } catch (error) {
    const findings = findingsOf(error, text);
    if (findings.length === 0) throw error;
    return { file: path, accepted: false, findings, remarks: [], warnings: [] };
  }
}

/** A signature is of one device: without its name nothing can be said of it. */
function signatureWarnings({ signature }: ReadDescription): string[] {
  return signature === 'unchecked' ? ['its signature was not checked: name the device with --uuid'] : [];
}

/** Forms in which the bridge would refuse what it takes in another. */
function sizeWarnings(
  forms: readonly FormSize[],
  { maxDescriptionBytes, maxPieces }: RegistrationConfig,
): string[] {
  return forms.flatMap(({ form, octets, pieces }) => [
    ...(octets <= maxDescriptionBytes
      ? []
      : [`${form}: ${octets} octets are more than the bridge takes, ${maxDescriptionBytes}`]),
    ...(pieces <= maxPieces
      ? []
      : [`${form}: ${pieces} pieces are more than the bridge takes, ${maxPieces}`]),
  ]);
}

async function checkedDevice(
  { read, model }: DescribedModule,
  template: DeviceDescription,
  reader: AuthorsReader,
  pieceBytes: number,
): Promise<CheckedDevice> {
  const forms = await descriptionForms(read, reader.folders);
  const { signed } = read.file;
  const size = (form: string, { length: octets }: Uint8Array): FormSize => ({
    form,
    octets,
    pieces: Math.ceil(octets / pieceBytes),
  });
  return {
    category: template.category,
    module: model.name,
    profile: template.profile,
    digest: read.template.digest,
    ...(signed && {
      signer: { key: toHex(signed.key), counter: signed.counter, holds: read.signature === 'holds' },
    }),
    operations: template.operations.map(({ name }) => name),
    dataPoints: template.dataPoints.map(({ name }) => name),
    topics: topicUses(template),
    forms: Object.entries(forms).flatMap(([name, bytes]: [string, Uint8Array]) => [
      size(name, bytes),
      size(`${name}, zlib`, pack(bytes)),
    ]),
  };
}
