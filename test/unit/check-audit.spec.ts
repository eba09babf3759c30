import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const FINDING = {
  auditReportVersion: 2,
  vulnerabilities: {
    'left-pad': {
      name: 'left-pad',
      severity: 'high',
      range: '<1.3.0',
      via: [{ title: 'Pads without end', url: 'https://example.com/advisory' }, 'other'],
    },
  },
  metadata: { vulnerabilities: { high: 1, total: 1 } },
};
const NO_FINDING = { auditReportVersion: 2, vulnerabilities: {}, metadata: { vulnerabilities: { total: 0 } } };
const NO_ENDPOINT = { message: '405 Method Not Allowed', error: { summary: '', detail: '' } };

describe('npm run check:audit', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'check-audit-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** With a registry that answers so. */
  function checkAudit(answer: string, exitCode: number) {
    const npm = join(folder, 'npm');
    writeFileSync(npm, `#!/bin/sh\ncat <<'END'\n${answer}\nEND\nexit ${exitCode}\n`);
    chmodSync(npm, 0o755);
    const { status, stdout } = spawnSync(process.execPath, ['build/check-audit.mjs'], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH']}` },
    });
    return { status, stdout };
  }

  it('fails and names what is found', () => {
    const { status, stdout } = checkAudit(JSON.stringify(FINDING), 1);
    expect(status).toBe(1);
    expect(stdout).toBe(
      'high: left-pad <1.3.0\n  Pads without end https://example.com/advisory\n1 known vulnerabilities.\n',
    );
  });

  it('passes when nothing is found', () => {
    expect(checkAudit(JSON.stringify(NO_FINDING), 0)).toEqual({ status: 0, stdout: '0 known vulnerabilities.\n' });
  });

  it.each([
    ['has no audit endpoint', JSON.stringify(NO_ENDPOINT), '405 Method Not Allowed'],
    ['answers with a page', '<html></html>', 'npm audit gave no report.'],
  ])('passes and says so when the registry %s', (_, answer, reason) => {
    expect(checkAudit(answer, 1)).toEqual({ status: 0, stdout: `Not audited: ${reason}\n` });
  });
});
