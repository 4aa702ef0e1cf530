// Every page in three languages, two themes and two sizes: nothing for axe to say, nothing wider than the screen,
// nothing in the console, nothing asked of another host, and within its weight.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import * as lib from '../lib.mjs';
import { PAGES, places } from '../pages.mjs';

// Each size and each theme in each of the two first languages; the third once.
const VIEWS = [
  ['fa', 'light', lib.WIDE],
  ['fa', 'dark', lib.PHONE],
  ['en', 'dark', lib.WIDE],
  ['en', 'light', lib.PHONE],
  ['ar', 'light', lib.WIDE],
];
/** Bytes over the wire: everything of a first page, and of each further one. */
const FIRST_PAGE = 200 * 1024;
const NEXT_PAGE = 30 * 1024;

let browser;
let demo;
let empty;
let ids;

before(async () => {
  browser = await lib.launch();
  const data = await lib.demoFolder();
  [demo, empty] = await Promise.all([lib.serve(data), lib.serve(lib.folder())]);
  ids = await places(await lib.api(demo, data));
});

after(async () => {
  await browser?.close();
  await Promise.all([demo?.stop(), empty?.stop()]);
});

for (const [lang, theme, size] of VIEWS) {
  const phone = size.width < 600;
  test(`pages in ${lang}, ${theme}, ${phone ? 'on a phone' : 'wide'}`, async (t) => {
    const signed = await lib.open(browser, demo, { lang, theme, size });
    await lib.signIn(signed, demo);
    await lib.choose(signed, demo, lang, theme);
    for (const target of PAGES) {
      await t.test(target.name, async () => {
        const page = target.signedOut ? await lib.open(browser, target.empty ? empty : demo, { lang, theme, size }) : signed;
        page.expected = target.status ? [new RegExp(`status of ${target.status}`)] : [];
        page.noted.length = 0;
        const answer = await page.goto((target.empty ? empty : demo).url + target.path(ids));
        assert.equal(answer.status(), target.status ?? 200);
        assert.equal(await page.locator('html').getAttribute('lang'), lang);
        assert.equal(await page.locator('html').getAttribute('dir'), lang === 'en' ? 'ltr' : 'rtl');
        await page.evaluate(() => document.fonts.ready);
        await target.press?.(page);
        assert.doesNotMatch(await page.locator('body').innerText(), /\b[a-z]+(-[a-z]+){2,}\b(?=\s|$)/, 'a message without its words');
        await lib.assertAccessible(page, `${target.name} ${lang} ${theme}`);
        await lib.assertFits(page, target.name);
        page.assertQuiet();
        if (target.signedOut) await page.context().close();
      });
    }
    await signed.context().close();
  });
}

test('a first page and the next one keep to their weight', async () => {
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
});
