#!/usr/bin/env node
import { nodeIo } from './adapters/node-io.ts';
import { runProgram } from './adapters/program.ts';
import { packageVersion } from './adapters/version.ts';
import { commands } from './commands/all.ts';

process.exitCode = await runProgram({ version: packageVersion(), commands }, process.argv.slice(2), nodeIo());
