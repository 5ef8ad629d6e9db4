// Prints the counts of a jest run; fails when a test failed, was skipped, or none ran.
import { readFileSync } from 'node:fs';

const results = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const skipped = results.numPendingTests + results.numTodoTests;
for (const suite of results.testResults)
  for (const test of suite.assertionResults)
    if (test.status === 'pending') console.log(`skipped: ${test.fullName}`);
const broken = results.numRuntimeErrorTestSuites;
const failed = results.numFailedTests + broken;
if (broken > 0) console.log(`${broken} test files did not run at all`);
if (skipped > 0) console.log(`${skipped} tests were skipped, and CI allows none`);
console.log(`${results.numPassedTests} passed, ${failed + skipped} failed`);
process.exitCode = failed + skipped > 0 || results.numPassedTests === 0 ? 1 : 0;
