// One contender in a process of its own: `server.js <name> <port>`. Tells its parent when it listens, and what it spent.
import 'reflect-metadata';
import { CONTENDERS } from './contenders.js';

const [name, port] = process.argv.slice(2);
await CONTENDERS[name](Number(port));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send!({ cpuMicroseconds: user + system });
});
process.send!({ listening: true });
