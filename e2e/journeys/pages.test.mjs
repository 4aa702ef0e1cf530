// Every page in three languages, two themes and two sizes: nothing for axe to say, nothing wider than the screen,
// nothing in the console, nothing asked of another host, and within its weight.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import * as lib from '../lib.mjs';
import { PAGES, places } from '../pages.mjs';

// Each size and each theme in each of the two first languages; the third once. Dialogs and other states of a page
// (`deep`) in the first two.
const VIEWS = [
  ['fa', 'light', lib.WIDE, true],
  ['fa', 'dark', lib.PHONE, true],
  ['en', 'dark', lib.WIDE],
  ['en', 'light', lib.PHONE],
  ['ar', 'light', lib.WIDE],
];
/** Bytes over the wire: everything of a first page, and of each further one. */
const FIRST_PAGE = 200 * 1024;
const NEXT_PAGE = 30 * 1024;

let browser;
let data;
let shop;
let ids;

before(async () => {
  browser = await lib.launch();
  data = await lib.demoFolder();
  shop = lib.folder();
  await lib.addUser(shop);
  const demo = await lib.serve(data);
  ids = await places(await lib.api(demo, data));
  await demo.stop();
});

after(() => browser?.close());

// Two views at a time, each with servers of its own, for the language belongs to the account: one view waits for its server
// while the other is looked at.
test('every page', { concurrency: 2 }, (all) => Promise.all(VIEWS.map(([lang, theme, size, deep]) => {
  const phone = size.width < 600;
  return all.test(`pages in ${lang}, ${theme}, ${phone ? 'on a phone' : 'wide'}`, async (view) => {
    const servers = await Promise.all([lib.copy(data), lib.folder(), lib.copy(shop)].map((folder) => lib.serve(folder)));
    const [demo, empty, bare] = servers;
    view.after(() => Promise.all(servers.map((server) => server.stop())));
    const enter = async (server) => {
      const page = await lib.open(browser, server, { lang, theme, size });
      await lib.signIn(page, server);
      await lib.choose(page, server, lang, theme);
      return page;
    };
    const signed = await enter(demo);
    const owner = deep && (await enter(bare));
    for (const target of PAGES) {
      if ((target.deep && !deep) || (target.wide && phone)) continue;
      await view.test(target.name, async () => {
        const server = target.empty ? empty : target.bare ? bare : demo;
        const page = target.signedOut ? await lib.open(browser, server, { lang, theme, size }) : target.bare ? owner : signed;
        page.expected = [target.status, target.upset].filter(Boolean).map((status) => new RegExp(`status of ${status}`));
        page.noted.length = 0;
        const answer = await page.goto(server.url + target.path(ids));
        assert.equal(answer.status(), target.status ?? 200);
        assert.equal(await page.locator('html').getAttribute('lang'), lang);
        assert.equal(await page.locator('html').getAttribute('dir'), lang === 'en' ? 'ltr' : 'rtl');
        await page.evaluate(() => document.fonts.ready);
        await target.press?.(page, { url: server.url, ids });
        assert.doesNotMatch(await page.locator('body').innerText(), /\b[a-z]+(-[a-z]+){2,}\b(?=\s|$)/, 'a message without its words');
        await lib.assertAccessible(page, `${target.name} ${lang} ${theme}`);
        await lib.assertFits(page, target.name);
        page.assertQuiet();
        if (target.signedOut) await page.context().close();
      });
    }
    if (owner) await owner.context().close();
    await signed.context().close();
  });
})));

test('a first page and the next one keep to their weight', async () => {
  const demo = await lib.serve(data);
  const page = await lib.open(browser, demo, { lang: 'fa' });
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  let bytes = 0;
  session.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength));
  await page.goto(`${demo.url}/sign-in`, { waitUntil: 'networkidle' });
  const first = bytes;
  assert.ok(first < FIRST_PAGE, `the first page weighs ${first} bytes`);
  await lib.signIn(page, demo);
  for (const path of ['/today', '/parties', `/parties/${ids.party}`]) {
    await page.waitForLoadState('load');
    bytes = 0;
    await page.goto(demo.url + path, { waitUntil: 'load' });
    assert.ok(bytes < NEXT_PAGE, `${path} weighs ${bytes} bytes`);
  }
  await page.context().close();
  await demo.stop();
});
