// Measures every operation in a process of its own, with a heap that is not collected in the middle of a run.
import 'reflect-metadata';
import { measureOperation } from './measure-operation.js';
import { listOperations } from './operations.js';

const { operations, close } = await listOperations();
const rows: (string | number)[][] = [];
for (const { layer, name, run } of operations) {
  const { nanoseconds, bytes } = await measureOperation(run);
  rows.push([`${layer}: ${name}`, Math.round(nanoseconds), Math.round(bytes)]);
}
await close();
process.send!(rows);
process.disconnect();
