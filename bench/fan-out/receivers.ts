// The client side as a process of its own: opens its connections, then runs what it is told.
import { type FanOutOrder, openClients, runFanOut } from './clients.js';

process.on('message', (message: { open?: FanOutOrder; run?: FanOutOrder }) => {
  if (message.open) void openClients(message.open).then(() => process.send!({ opened: true }));
  if (message.run) void runFanOut(message.run).then((result) => process.send!(result));
});
process.send!({ ready: true });
