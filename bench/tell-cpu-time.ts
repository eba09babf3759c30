/** Of a server under measurement: it answers each message of its parent with what it has spent, as `cpuMicrosecondsOf` asks. */
export function tellCpuTime(): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send!({ cpuMicroseconds: user + system });
  });
}
