// What the browser tests and the picture script share: a Peyvand of their own, a browser, and a watch over both.
//
// Environment: PEYVAND_BIN, the binary (default: the debug build); CHROMIUM, the browser (default: /usr/bin/chromium);
// PEYVAND_TEST_DB, a PostgreSQL server for the tests that run on both engines.
import { chromium } from 'playwright-core';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
export const BIN = resolve(process.env.PEYVAND_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'debug/peyvand'));
if (!existsSync(BIN)) throw new Error(`no binary at ${BIN}: cargo build -p peyvand, or set PEYVAND_BIN`);
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
// As root there is no sandbox; nothing may reach out of this machine.
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];

/** The account that the tests sign in with. */
export const USER = { email: 'tester@example.ir', name: 'نگار آزمون', password: 'dorost-asb-batri-7' };
/** One of the demo shop's agents. */
export const AGENT = { email: 'sara@toranj.example', password: 'bahar-narenj-41' };
export const WIDE = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };
const VIEWS = { fa: ['jalali', 'persian'], ar: ['hijri', 'arabic'], en: ['gregorian', 'latin'] };
const ALLOWED_START_MS = 20_000;

/** Runs the binary to its end; gives its standard output. */
export function peyvand(args, { data, input, env } = {}) {
  return new Promise((done, failed) => {
    const child = execFile(BIN, data ? [...args, '--data', data] : args, { env: { ...process.env, ...env }, maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
      error ? failed(new Error(`peyvand ${args.join(' ')}: ${stderr || error.message}\n${stdout}`)) : done(stdout.trim()),
    );
    child.stdin.end(input ?? '');
  });
}

/** A data folder that goes away at the end of the process. */
export function folder() {
  const made = mkdtempSync(join(tmpdir(), 'peyvand-e2e-'));
  process.on('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** The engines that the tests of kills run on: SQLite, and PostgreSQL when PEYVAND_TEST_DB names a server. */
export const ENGINES = process.env.PEYVAND_TEST_DB ? ['SQLite', 'PostgreSQL'] : ['SQLite'];
let databases = 0;

/** A data folder for an engine; on PostgreSQL its settings name a fresh database, which goes away with the folder. */
export function place(engine) {
  const data = folder();
  if (engine === 'PostgreSQL') {
    const server = process.env.PEYVAND_TEST_DB;
    const name = `peyvand_kill_${process.pid}_${++databases}`;
    const psql = (statement) => execFileSync('psql', ['-q', '-X', '-c', statement, server], { stdio: ['ignore', 'ignore', 'pipe'] });
    psql(`CREATE DATABASE ${name}`);
    process.on('exit', () => psql(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    const url = new URL(server);
    url.pathname = `/${name}`;
    writeFileSync(join(data, 'peyvand.toml'), `[database]\nurl = "${url.href}"\n`);
  }
  return data;
}

/** A data folder with the demo shop and our account in it: filled once (or taken from PEYVAND_DEMO), copied each time. */
export async function demoFolder() {
  const data = join(folder(), 'data');
  if (process.env.PEYVAND_DEMO) {
    cpSync(process.env.PEYVAND_DEMO, data, { recursive: true });
  } else {
    await peyvand(['demo', '--date', '2026-11-21'], { data });
  }
  await addUser(data);
  return data;
}

/** A copy of a data folder that no server works in. */
export function copy(data) {
  const copied = join(folder(), 'data');
  cpSync(data, copied, { recursive: true });
  return copied;
}

/** Adds our account; what is there already stays. */
export async function addUser(data, post = 'owner', user = USER) {
  await peyvand(['user', 'add', '--email', user.email, '--name', user.name, '--post', post, '--password-stdin'], { data, input: `${user.password}\n` });
}

export function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** Starts `peyvand serve` on a free port and waits until it is ready: { url, log(), stop(), kill() }. */
export async function serve(data, { env } = {}) {
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(BIN, ['serve', '--data', data, '--listen', url.slice(7)], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => (log += chunk));
    stream.unref();
  }
  // A test that fails before it stops its server must not keep the run from ending.
  child.unref();
  const ended = new Promise((done) => child.once('exit', (code, signal) => done({ code, signal })));
  const end = (signal) => {
    child.ref();
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return ended;
  };
  process.on('exit', () => end('SIGKILL'));
  const until = Date.now() + ALLOWED_START_MS;
  for (;;) {
    const ready = await fetch(`${url}/readyz`).then((answer) => answer.ok, () => false);
    if (ready) break;
    if (child.exitCode !== null || Date.now() > until) throw new Error(`the server did not get ready:\n${log}`);
    await new Promise((done) => setTimeout(done, 50));
  }
  return { url, pid: child.pid, log: () => log, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

/** The JSON API in the name of our account: call('GET', '/parties?limit=5') gives the answer's JSON or throws. */
export async function api(server, data, email = USER.email) {
  const token = await peyvand(['token', 'create', '--user', email], { data });
  return async (method, path, body) => {
    const answer = await fetch(`${server.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'accept-language': 'en', ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
    });
    const json = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
    return json;
  };
}

export function launch() {
  if (!existsSync(CHROMIUM)) throw new Error(`no browser at ${CHROMIUM}: install chromium or set CHROMIUM`);
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** Chooses for our account, which is signed in on this page, how things are shown to it. */
export async function choose(page, server, lang, theme = 'light') {
  const [calendar, digits] = VIEWS[lang];
  const form = { name: USER.name, lang, calendar, digits, theme, money_unit: 'toman', time_zone: 'Asia/Tehran', shortcuts: 'on' };
  const answer = await page.request.post(`${server.url}/settings`, { form, headers: { origin: server.url } });
  assert.ok(answer.ok(), `the settings were not taken: ${answer.status()}`);
}

/**
 * A page that is watched: anything in the console, any failed script, any request to another host, any answer of 5xx
 * is noted, and `page.assertQuiet()` fails on it. Answers that a test provokes are named in `expected`.
 */
export async function open(browser, server, { lang = 'fa', theme = 'light', size = WIDE, phone = size.width < 600 } = {}) {
  const context = await browser.newContext({ viewport: size, hasTouch: phone, isMobile: phone, reducedMotion: 'reduce', colorScheme: theme, locale: { fa: 'fa-IR', ar: 'ar-SA', en: 'en-GB' }[lang] });
  const [calendar, digits] = VIEWS[lang];
  await context.addCookies([{ name: 'peyvand_view', value: `${lang}.${calendar}.${digits}.${theme}.toman.Asia/Tehran`, url: server.url }]);
  const page = await context.newPage();
  const noted = [];
  page.setDefaultTimeout(10_000);
  page.expected = [];
  await context.addInitScript(() => addEventListener('securitypolicyviolation', (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`)));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && noted.push(`console: ${message.text()} (${message.location().url})`));
  page.on('pageerror', (error) => noted.push(`script: ${error.message}`));
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (!['data:', 'blob:', 'about:'].includes(protocol) && host !== new URL(server.url).host) noted.push(`request elsewhere: ${request.url()}`);
  });
  page.on('response', (answer) => answer.status() >= 500 && noted.push(`${answer.status()} ${answer.url()}`));
  page.assertQuiet = () => assert.deepEqual(noted.filter((text) => !page.expected.some((expected) => expected.test(text))), []);
  page.noted = noted;
  // htmx listens one turn of the timers after the page has loaded; nobody types as soon as a test does.
  for (const name of ['goto', 'reload', 'waitForURL']) {
    const go = page[name].bind(page);
    page[name] = async (...given) => {
      const answer = await go(...given);
      await page.evaluate(() => new Promise((done) => setTimeout(done)));
      return answer;
    };
  }
  return page;
}

/** Signs our account in. */
export async function signIn(page, server, user = USER) {
  await page.goto(`${server.url}/sign-in`);
  await page.locator('input[name=email]').fill(user.email);
  await page.locator('input[name=password]').fill(user.password);
  await page.locator('input[name=password]').press('Enter');
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
}

const AXE = readFileSync(join(ROOT, 'e2e/node_modules/axe-core/axe.min.js'), 'utf8');

/** Fails when axe finds a violation of WCAG 2.2 A or AA or of its best practices. */
export async function assertAccessible(page, where) {
  // The page's own policy forbids scripts of others; an isolated evaluation is not bound by it.
  await page.evaluate(AXE);
  const look = () => page.evaluate(() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] }));
  let found = await look();
  if (found.violations.some(({ id }) => id === 'target-size')) {
    // The bar at the foot of a phone covers what happens to lie under it until somebody scrolls: where the page is seen at
    // its full height, only what stays covered or is too small is found again.
    const size = page.viewportSize();
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ ...size, height: Math.max(height, size.height) });
    found = await look();
    await page.setViewportSize(size);
  }
  const said = found.violations.map((violation) => `${violation.id}: ${violation.help}\n    ${violation.nodes.slice(0, 4).map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? node.none[0]?.message ?? node.all[0]?.message ?? ''}`).join('\n    ')}`);
  assert.deepEqual(said, [], `${where}\n${said.join('\n')}`);
}

/** Fails when the page can be scrolled sideways: something is wider than the screen. */
export async function assertFits(page, where) {
  const { content, width } = await page.evaluate(() => ({ content: document.documentElement.scrollWidth, width: document.documentElement.clientWidth }));
  assert.ok(content <= width, `${where}: ${content} px wide on a screen of ${width}`);
}

/** The words of the interface in a language: t('save'), t('parties-created', { name: 'زهرا' }). Plain messages only. */
export function words(lang) {
  const catalogue = new Map();
  for (const file of readdirSync(join(ROOT, 'locales', lang))) {
    for (const [, key, text] of readFileSync(join(ROOT, 'locales', lang, file), 'utf8').matchAll(/^([a-z][a-z0-9-]*) = (.+)$/gm)) catalogue.set(key, text);
  }
  return (key, values = {}) => {
    if (!catalogue.has(key)) throw new Error(`locales/${lang} has no ${key}`);
    return catalogue.get(key).replace(/\{ ?\$([a-zA-Z]+) ?\}/g, (_, name) => values[name] ?? `{ $${name} }`);
  };
}

/** A national ID of Iran that passes the check, made from nine digits. */
export function nationalId(nine) {
  const sum = [...nine].reduce((sum, digit, place) => sum + Number(digit) * (10 - place), 0) % 11;
  return nine + (sum < 2 ? sum : 11 - sum);
}

/** Latin digits as Persian ones. */
export const persian = (text) => text.replace(/[0-9]/g, (digit) => '۰۱۲۳۴۵۶۷۸۹'[digit]);
