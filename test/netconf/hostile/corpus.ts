import type { HostileCase } from './cases.ts';
import { framingCases } from './framing-cases.ts';
import { helloCases } from './hello-cases.ts';
import { requestCases } from './request-cases.ts';
import { xmlCases } from './xml-cases.ts';

/** Everything hostile that we know a client may send. */
export const corpus: readonly HostileCase[] = [...helloCases, ...framingCases, ...xmlCases, ...requestCases];
