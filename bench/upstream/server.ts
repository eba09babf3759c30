// One contender in a process of its own: `server.js <name> <port>`. Tells its parent when it listens, and what it spent.
import 'reflect-metadata';
import { tellCpuTime } from '../tell-cpu-time.js';
import { CONTENDERS } from './contenders.js';

const [name, port] = process.argv.slice(2);
await CONTENDERS[name](Number(port));
tellCpuTime();
process.send!({ listening: true });
