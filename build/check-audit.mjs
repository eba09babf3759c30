// Known vulnerabilities of what users install with the package: `npm run check:audit`. Ends with 1 when there are any, and with
// 0 when the registry has no audit endpoint to ask, which is said.
import { spawnSync } from 'node:child_process';

const { stdout, stderr } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  encoding: 'utf8',
  shell: process.platform === 'win32',
});
const report = parse(stdout);
if (report?.metadata?.vulnerabilities === undefined) {
  console.log(`Not audited: ${report?.message || stderr.trim().split('\n')[0] || 'npm audit gave no report.'}`);
} else {
  const { total } = report.metadata.vulnerabilities;
  for (const { name, severity, range, via } of Object.values(report.vulnerabilities)) {
    const advisories = via.flatMap((cause) => (typeof cause === 'string' ? [] : [`${cause.title} ${cause.url}`]));
    console.log(`${severity}: ${name} ${range}${advisories.map((advisory) => `\n  ${advisory}`).join('')}`);
  }
  console.log(`${total} known vulnerabilities.`);
  process.exitCode = total === 0 ? 0 : 1;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
