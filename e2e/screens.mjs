// Pictures of the pages, for people: every page in every language, wide and on a phone, light and dark.
//
//   make screens                                    all of them, on the demo shop, into target/screens
//   node e2e/screens.mjs --out DIR [--bin target/debug/peyvand] [--data DIR]
//        [--page today,party] [--path /parties?x=1] [--lang fa,en] [--size wide,phone] [--theme light,dark] [--full] [--axe]
//
// Without --data it fills a demo shop first; with it, the folder is copied and ours is left alone. --path takes any
// address instead of the named pages. --full takes the whole height of a page. --axe also prints accessibility
// violations. Console errors, failed scripts and 5xx answers are printed and make it fail. e2e/pages.mjs lists the pages.
import { parseArgs } from 'node:util';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'target/screens' },
    bin: { type: 'string' },
    data: { type: 'string' },
    page: { type: 'string' },
    path: { type: 'string', multiple: true },
    lang: { type: 'string', default: 'fa,en,ar' },
    size: { type: 'string', default: 'wide,phone' },
    theme: { type: 'string', default: 'light,dark' },
    full: { type: 'boolean', default: false },
    axe: { type: 'boolean', default: false },
  },
});
if (values.bin) process.env.PEYVAND_BIN = values.bin;
if (values.data) process.env.PEYVAND_DEMO = values.data;

const lib = await import('./lib.mjs');
const { PAGES, places } = await import('./pages.mjs');
const list = (text) => text.split(',').map((word) => word.trim()).filter(Boolean);
const named = values.path?.map((path) => ({ name: path.replace(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '') || 'root', path: () => path }));
const wanted = named ?? PAGES.filter((page) => !values.page || list(values.page).includes(page.name));
mkdirSync(values.out, { recursive: true });

let problems = 0;
const browser = await lib.launch();
for (const kind of ['empty', 'bare', 'demo']) {
  const pages = wanted.filter((page) => (page.empty ? 'empty' : page.bare ? 'bare' : 'demo') === kind);
  if (pages.length === 0) continue;
  const data = kind === 'demo' ? await lib.demoFolder() : lib.folder();
  if (kind === 'bare') await lib.addUser(data);
  const server = await lib.serve(data);
  const ids = kind === 'demo' ? await places(await lib.api(server, data)) : {};
  for (const lang of list(values.lang)) {
    for (const theme of list(values.theme)) {
      for (const size of list(values.size)) {
        const open = () => lib.open(browser, server, { lang, theme, size: size === 'phone' ? lib.PHONE : lib.WIDE });
        let signed;
        for (const target of pages) {
          if (target.wide && size === 'phone') continue;
          let page = signed;
          if (target.signedOut) page = await open();
          else if (!page) {
            page = signed = await open();
            await lib.signIn(page, server);
            await lib.choose(page, server, lang, theme);
          }
          page.noted.length = 0;
          const name = `${target.name}-${lang}-${size}-${theme}`;
          try {
            await page.goto(server.url + target.path(ids));
            await page.evaluate(() => document.fonts.ready);
            await target.press?.(page, { url: server.url, ids });
            await page.screenshot({ path: join(values.out, `${name}.png`), fullPage: values.full && !(await page.locator('dialog[open], :popover-open').count()) });
            if (values.axe) await lib.assertAccessible(page, name);
            await lib.assertFits(page, name);
            const due = [target.status, target.upset].filter(Boolean);
            const said = page.noted.filter((text) => !due.some((status) => text.includes(`status of ${status}`)));
            if (said.length) throw new Error(said.join('\n  '));
          } catch (error) {
            problems += 1;
            console.log(`${name}: ${error.message.split('\n').slice(0, 12).join('\n  ')}`);
          }
          if (target.signedOut) await page.context().close();
        }
        await signed?.context().close();
      }
    }
  }
  await server.stop();
}
await browser.close();
console.log(`pictures in ${values.out}, ${problems} with problems`);
process.exit(problems ? 1 : 0);
