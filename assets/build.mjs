// Builds everything the browser loads into crates/web/static/dist, which the web crate embeds.
// Same input, same bytes: no dates, no random names, sorted icons. A missing icon, glyph or a part over
// its weight budget stops the build.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync, mkdirSync, rmSync, readdirSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync, constants } from 'node:zlib';
import * as esbuild from 'esbuild';
import { bundle } from 'lightningcss';
import subsetFont from 'subset-font';
import { girih, logo } from './art.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const WEB = join(HERE, '../crates/web');
const OUT = join(WEB, 'static/dist');
const modules = (path) => join(HERE, 'node_modules', path);

/** Largest size of each part in bytes, brotli (the font as it is): the page-weight budget of the design. */
const BUDGET = { 'app.js': 20 * 1024, 'app.css': 14 * 1024, 'icons.svg': 8 * 1024, 'vazirmatn.woff2': 40 * 1024 };
const version = (major, minor) => (major << 16) | (minor << 8);
const CSS_TARGETS = { chrome: version(111, 0), edge: version(111, 0), firefox: version(115, 0), safari: version(16, 4) };
const JS_TARGETS = ['chrome111', 'edge111', 'firefox115', 'safari16.4'];

const started = performance.now();
const files = new Map();
const manifest = {};

function emit(name, content) {
  const bytes = Buffer.from(content);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 10);
  const dot = name.lastIndexOf('.');
  const hashed = `${name.slice(0, dot)}.${hash}${name.slice(dot)}`;
  manifest[name] = hashed;
  files.set(hashed, bytes);
  let size = bytes.length;
  if (!name.endsWith('.woff2')) {
    const br = brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    });
    files.set(`${hashed}.br`, br);
    files.set(`${hashed}.gz`, gzipSync(bytes, { level: 9 }));
    size = br.length;
  }
  console.log(
    `${name.padEnd(18)} ${String(bytes.length).padStart(7)} B ${String(size).padStart(6)} B sent${BUDGET[name] ? ` of ${BUDGET[name]}` : ''}`,
  );
  if (size > BUDGET[name]) throw new Error(`${name} weighs ${size} bytes, its budget is ${BUDGET[name]}`);
  return hashed;
}

function* walk(dir, wanted) {
  if (!existsSync(dir)) return;
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) yield* walk(path, wanted);
    else if (wanted.test(entry.name)) yield path;
  }
}

/** Names as in Tabler ("users"); a filled one starts with "f-" ("f-star"), as its symbol id does. */
function iconsInUse() {
  const used = new Map();
  const add = (name, where) => used.has(name) || used.set(name, where);
  for (const line of readFileSync(join(HERE, 'icons.txt'), 'utf8').split('\n')) {
    for (const name of line.replace(/#.*/, '').split(/\s+/).filter(Boolean)) add(name, 'assets/icons.txt');
  }
  const sources = [
    ...walk(join(WEB, 'templates'), /\.(html|svg|txt)$/),
    ...walk(join(WEB, 'src'), /\.rs$/),
    ...walk(join(HERE, 'js'), /\.js$/),
  ];
  for (const path of sources) {
    for (const [, filled, name] of readFileSync(path, 'utf8').matchAll(/icon(_fill)?\("([a-z0-9-]+)"/g)) {
      add((filled ? 'f-' : '') + name, path.slice(WEB.length - 'crates/web'.length));
    }
  }
  return used;
}

function sprite() {
  const missing = [];
  const symbols = [...iconsInUse()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, where]) => {
      const path = id.startsWith('f-') ? `filled/${id.slice(2)}.svg` : `outline/${id}.svg`;
      const file = modules(`@tabler/icons/icons/${path}`);
      if (!existsSync(file)) return (missing.push(`${id} (${where})`), '');
      const shapes = readFileSync(file, 'utf8')
        .replace(/<!--[\s\S]*?-->/g, '')
        .replace(/^[\s\S]*?<svg[^>]*>|<\/svg>\s*$/g, '')
        .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, '')
        .replace(/\s+/g, ' ')
        .replace(/> </g, '><')
        .replace(/ \/>/g, '/>')
        .trim();
      return `<symbol id="${id}" viewBox="0 0 24 24">${shapes}</symbol>`;
    });
  if (missing.length) throw new Error(`no such icon in @tabler/icons: ${missing.join(', ')}`);
  const mark = logo({ ground: 'var(--accent,#00737c)', line: 'var(--on-accent,#fff)' }).replace(/^<svg[^>]*>|<\/svg>$/g, '');
  return `<svg xmlns="http://www.w3.org/2000/svg"><symbol id="logo" viewBox="0 0 32 32">${mark}</symbol>${symbols.join('')}</svg>\n`;
}

/** Persian and Arabic letters, marks and digits, and the Latin of names, codes and e-mail. */
function glyphs() {
  const range = (a, b) => String.fromCodePoint(...Array.from({ length: b - a + 1 }, (_, k) => a + k));
  const arabic =
    '\u060c\u061b\u061f' +
    range(0x621, 0x63a) +
    range(0x640, 0x656) +
    '\u0670\u0671\u0679\u067a\u067e\u0686\u0688\u0691\u0698\u06a4\u06a5\u06a9\u06ad\u06af\u06ba\u06be\u06c0\u06c1\u06c3\u06cc\u06d0\u06d2\u06d4\u06d5' +
    range(0x660, 0x66c) +
    range(0x6f0, 0x6f9) +
    '\ufdfc\u200c\u200d\u200e\u200f';
  const latin = range(0x20, 0x7e) + '\u00a0©«°±²·»×÷\u2010\u2011\u2012–—‘’“”•…‰‹›€™−≈≠≤≥éèüöäçñ';
  return arabic + latin;
}

const font = async () =>
  Buffer.from(
    await subsetFont(readFileSync(modules('vazirmatn/fonts/variable/Vazirmatn[wght].ttf')), glyphs(), {
      targetFormat: 'woff2',
      variationAxes: { wght: { min: 400, max: 700 } },
      keepFeatures: ['kern', 'mark', 'mkmk', 'init', 'medi', 'fina', 'isol', 'rlig', 'liga', 'calt', 'ccmp', 'locl', 'tnum'],
      noHinting: true,
    }),
  );

const scripts = () =>
  esbuild.build({
    entryPoints: [join(HERE, 'js/main.js')],
    bundle: true,
    format: 'iife',
    minify: true,
    write: false,
    legalComments: 'none',
    target: JS_TARGETS,
    charset: 'utf8',
  });

const [fontBytes, js] = await Promise.all([font(), scripts()]);
const names = { 'vazirmatn.woff2': emit('vazirmatn.woff2', fontBytes), 'girih.svg': emit('girih.svg', girih()) };
emit('app.js', js.outputFiles[0].contents);

const css = bundle({ filename: join(HERE, 'css/app.css'), minify: true, targets: CSS_TARGETS });
if (css.warnings.length) throw new Error(css.warnings.map((w) => `${w.message} (${w.loc?.filename}:${w.loc?.line})`).join('\n'));
emit(
  'app.css',
  css.code.toString().replace(/url\((["']?)dist:([^"')]+)\1\)/g, (_, _q, name) => {
    if (!names[name]) throw new Error(`the stylesheet names ${name}, which the build does not make`);
    return `url(${names[name]})`;
  }),
);
emit('icons.svg', sprite());
const icon = emit('favicon.svg', logo({ ground: '#00737c', line: '#fff' }) + '\n');
emit(
  'site.webmanifest',
  JSON.stringify({
    name: 'پیوند',
    short_name: 'پیوند',
    lang: 'fa',
    dir: 'rtl',
    start_url: '/',
    display: 'standalone',
    background_color: '#f3f6f8',
    theme_color: '#00737c',
    icons: [{ src: icon, sizes: 'any', type: 'image/svg+xml', purpose: 'any' }],
  }) + '\n',
);

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
for (const [name, bytes] of files) writeFileSync(join(OUT, name), bytes);
const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(join(OUT, 'manifest.json'), JSON.stringify(sorted, null, 2) + '\n');
console.log(`${files.size} files in ${Math.round(performance.now() - started)} ms`);
