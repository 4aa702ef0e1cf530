// The program without a mouse: where Tab goes, that the place is seen, that Escape leaves and Enter sends.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import * as lib from '../lib.mjs';
import { places } from '../pages.mjs';

let browser;
let server;
let page;
let ids;

before(async () => {
  browser = await lib.launch();
  const data = await lib.demoFolder();
  server = await lib.serve(data);
  ids = await places(await lib.api(server, data));
  page = await lib.open(browser, server, { lang: 'fa' });
  await lib.signIn(page, server);
  await lib.choose(page, server, 'fa');
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** What has the focus: a name for it, whether it can be seen that it has it, and where it is. */
const focused = () =>
  page.evaluate(() => {
    const at = document.activeElement;
    if (!at || at === document.body) return undefined;
    // A field shows it on the box that stands around it, a choice of cards on the card.
    const marked = [at, at.closest('.in, .opt, .pal .q, .compose, .chip')].filter(Boolean);
    const look = () => marked.map((box) => getComputedStyle(box)).map(({ outlineStyle, outlineWidth, boxShadow }) => `${outlineStyle === 'none' ? '' : outlineWidth} ${boxShadow}`).join();
    const has = look();
    at.blur();
    const shows = has !== look();
    at.focus();
    const { width, height, top } = at.getBoundingClientRect();
    return { name: `${at.localName}${at.id ? `#${at.id}` : ''} ${at.getAttribute('href') ?? at.getAttribute('name') ?? at.className}`, shows, hidden: width * height === 0 || top < -1 };
  });

for (const [name, path] of [
  ['today', () => '/today?scope=unit'],
  ['the customers', () => '/parties'],
  ['a customer', () => `/parties/${ids.party}`],
  ['a new customer', () => '/parties/new'],
  ['the follow-ups', () => '/follow-ups?scope=unit'],
  ['the imports', () => '/imports'],
  ['the settings', () => '/settings'],
]) {
  test(`Tab walks ${name}, and the place is seen`, async () => {
    await page.goto(server.url + path());
    const seen = new Set();
    for (let step = 0; step < 45; step += 1) {
      await page.keyboard.press('Tab');
      const at = await focused();
      if (!at) break;
      if (step === 0) assert.match(at.name, /#main/, 'first a way past the menu');
      assert.ok(at.shows, `it is not seen that ${at.name} has the focus`);
      assert.ok(!at.hidden, `${at.name} has the focus but is hidden`);
      seen.add(at.name);
    }
    assert.ok(seen.size > 8, `only ${[...seen].join(', ')}`);
  });
}

test('the way past the menu leads into the page', async () => {
  await page.goto(`${server.url}/parties`);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  assert.ok(await page.evaluate(() => document.querySelector('main').contains(document.activeElement)));
});

for (const [name, path, opener] of [
  ['a new follow-up', () => '/follow-ups', 'a[href="/follow-ups/new"]'],
  ['the filters', () => '/parties', '.bar a[data-dialog=wide]'],
  ['the log', () => `/parties/${ids.party}`, '.acts2 a[href^="/interactions/new"]'],
]) {
  test(`the dialog of ${name} keeps the focus, and Escape gives it back`, async () => {
    await page.goto(server.url + path());
    const link = page.locator(opener).first();
    await link.focus();
    await page.keyboard.press('Enter');
    await page.locator('dialog[open] form').waitFor();
    for (let step = 0; step < 6; step += 1) {
      assert.ok(await page.evaluate(() => document.activeElement === document.body || document.querySelector('dialog[open]').contains(document.activeElement)), 'the focus left the dialog');
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' }).catch(() => {});
    assert.equal(await page.locator('dialog[open]').count(), 0);
    assert.ok(await link.evaluate((node) => node === document.activeElement), 'the focus came back');
  });
}

test('a menu opens with Enter and closes with Escape', async () => {
  await page.goto(`${server.url}/parties/${ids.party}`);
  await page.locator('[popovertarget=customer-more]').focus();
  await page.keyboard.press('Enter');
  await page.locator('#customer-more:popover-open').waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('#customer-more:popover-open').count(), 0);
});

test('Enter sends a form', async () => {
  await page.goto(`${server.url}/follow-ups`);
  await page.keyboard.press('f');
  await page.locator('dialog[open] [name=party_text]').pressSequentially('ا', { delay: 20 });
  await page.locator('dialog[open] [role=option]').first().waitFor();
  await page.keyboard.press('Enter');
  await page.locator('dialog[open] [name=what]').focus();
  await page.keyboard.type('زنگ بزن');
  await page.keyboard.press('Enter');
  await page.locator('.toast').first().waitFor();
  assert.equal(await page.locator('dialog[open]').count(), 0);
  page.assertQuiet();
});
