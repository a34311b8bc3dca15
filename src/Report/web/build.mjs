// Makes report.js: `node build.mjs OUT`. The build of Report.csproj calls it when an input is newer than OUT/report.stamp.
// Ends with code 0 and a bundle, or with code 1, no bundle, and the reason on standard error.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(web, '../../../artifacts/web'));
const bundle = join(out, 'report.js');
const stamp = join(out, 'report.stamp');
const lock = join(out, 'lock');
const STALE_LOCK_MS = 5 * 60_000;
const COPYRIGHT = /^copyright (\(c\) )?\d/i;

const hashOf = (files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update('\0').update(readFileSync(join(web, file))).update('\0');
  return hash.digest('hex');
};

// Two builds at once would each run npm in the same folder. A folder is made by one of them only.
const acquire = async () => {
  mkdirSync(out, { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > STALE_LOCK_MS) rmSync(lock, { recursive: true, force: true });
      await new Promise((wake) => setTimeout(wake, 200));
    }
  }
};

const npm = (...args) => {
  const done = spawnSync('npm', args, { cwd: web, encoding: 'utf8', shell: process.platform === 'win32', timeout: 180_000 });
  if (done.status !== 0) throw new Error(`npm ${args.join(' ')} failed\n${done.stdout ?? ''}${done.stderr ?? ''}${done.error ?? ''}`);
};

const packages = () => {
  const key = hashOf(['package.json', 'package-lock.json']);
  const mark = join(web, 'node_modules', '.psm-packages');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === key) return;
  npm('ci', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--fetch-retries=1', '--fetch-timeout=30000', '--loglevel=error');
  writeFileSync(mark, key);
};

// What is redistributed inside a page carries its licences: every package once, every licence text once.
const licences = (modules) => {
  const roots = new Set(modules.map((id) => /^.*node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0]).filter(Boolean));
  const texts = new Map();
  for (const root of [...roots].sort()) {
    const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const file = readdirSync(root).find((f) => /^licen[cs]e/i.test(f));
    const whole = file ? readFileSync(join(root, file), 'utf8').replace(/\r/g, '').trim() : `${license} licence`;
    const holders = whole.split('\n').filter((line) => COPYRIGHT.test(line.trim()));
    const body = whole.split('\n').filter((line) => !COPYRIGHT.test(line.trim())).join('\n').replace(/\s+/g, ' ').trim();
    texts.set(body, [...(texts.get(body) ?? []), `${name} ${version}: ${holders.join(' ').trim() || license}`]);
  }
  const notice = [...texts].map(([body, who]) => `${who.join('\n')}\n${body}`).join('\n\n').replaceAll('*/', '* /');
  return `/*! This script contains:\n${notice}\n*/\n`;
};

const make = async () => {
  packages();
  npm('run', '--silent', 'check');
  const { build } = await import('vite');
  const [{ output }] = await build({
    root: web,
    configFile: false,
    logLevel: 'error',
    build: { write: false, target: 'es2022', reportCompressedSize: false, lib: { entry: 'src/main.ts', formats: ['iife'], name: 'psmReport' } },
  });
  const chunks = output.filter((part) => part.type === 'chunk');
  if (chunks.length !== 1) throw new Error(`expected one script, got ${output.map((part) => part.fileName).join(', ')}`);
  writeFileSync(`${bundle}.part`, licences(chunks[0].moduleIds) + chunks[0].code);
  renameSync(`${bundle}.part`, bundle);
};

const sources = readdirSync(join(web, 'src'), { recursive: true }).map((f) => join('src', f)).filter((f) => f.endsWith('.ts'));
const inputs = ['build.mjs', 'package.json', 'package-lock.json', '.npmrc', 'tsconfig.json', ...sources.sort()];
await acquire();
try {
  // The stamp holds what the bundle was made from: a checkout that only touched the files costs nothing, and a failure is tried once.
  const key = hashOf(inputs);
  if (!existsSync(bundle) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== key) {
    rmSync(bundle, { force: true });
    try {
      await make();
    } catch (error) {
      console.error(error.message);
      process.exitCode = 1;
    }
  }
  writeFileSync(stamp, key);
} finally {
  rmSync(lock, { recursive: true, force: true });
}
