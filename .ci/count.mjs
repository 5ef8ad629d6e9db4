// Prints the counts of a jest run; fails when a test failed, was skipped, or none ran.
import { readFileSync } from 'node:fs';

const say = (line) => process.stdout.write(`${line}\n`);
const results = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const skipped = results.numPendingTests + results.numTodoTests;
for (const suite of results.testResults)
  for (const test of suite.assertionResults) if (test.status === 'pending') say(`skipped: ${test.fullName}`);
const broken = results.numRuntimeErrorTestSuites;
const failed = results.numFailedTests + broken + skipped;
if (broken > 0) say(`${broken} test files did not run at all`);
if (skipped > 0) say(`${skipped} tests were skipped, and CI allows none`);
say(`${results.numPassedTests} passed, ${failed} failed`);
process.exitCode = failed > 0 || results.numPassedTests === 0 ? 1 : 0;
