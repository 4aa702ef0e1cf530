// Someone is on the phone: find the customer by whatever is known, from any page, without the mouse.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import * as lib from '../lib.mjs';

let browser;
let server;
let page;
let customer;
const ID = lib.nationalId('008457594');

before(async () => {
  const data = lib.folder();
  await lib.addUser(data);
  server = await lib.serve(data);
  const call = await lib.api(server, data);
  customer = await call('POST', '/parties', { kind: 'person', first_name: 'زهرا', last_name: 'کریمی‌نژاد', mobile: '0912 345 6789', national_id: ID });
  await call('POST', '/parties', { kind: 'person', first_name: 'Alexander', last_name: 'Whitfield', mobile: '+447911123456' });
  await call('POST', '/parties', { kind: 'organisation', name: 'شركة النور للتجارة' });
  browser = await lib.launch();
  page = await lib.open(browser, server);
  await lib.signIn(page, server);
  await lib.choose(page, server, 'fa');
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const FINDS = [
  ['a part of the last name', 'ریمی', 'زهرا'],
  ['the name with Arabic letters', 'كريمي', 'زهرا'],
  ['the phone in Persian digits', '۰۹۱۲۳۴۵۶۷۸۹', 'زهرا'],
  ['the phone with the country code', '+98 912 345 67 89', 'زهرا'],
  ['the national ID', ID, 'زهرا'],
  ['the national ID in Persian digits', lib.persian(ID), 'زهرا'],
  ['a part of a Latin name in other case', 'WHITF', 'Alexander'],
  ['an Arabic name with Persian letters', 'شرکة النور', 'النور'],
];

for (const [what, typed, found] of FINDS) {
  test(`the palette finds by ${what}`, async () => {
    await page.goto(`${server.url}/settings`);
    await page.keyboard.press('Control+k');
    const palette = page.locator('#palette');
    await palette.locator('input').fill(typed);
    await palette.getByRole('option').filter({ hasText: found }).first().waitFor();
    page.assertQuiet();
  });
}

test('Enter opens the first hit, on a Persian keyboard layout too', async () => {
  await page.goto(`${server.url}/settings`);
  // What a Persian layout sends for Ctrl+K: another letter, the same key.
  await page.evaluate(() => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ن', code: 'KeyK', ctrlKey: true, bubbles: true, cancelable: true })));
  const palette = page.locator('#palette');
  await palette.locator('input').fill('کریمی');
  await palette.getByRole('option').filter({ hasText: 'زهرا' }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/parties/${customer.id}`);
  assert.match(await page.locator('main').innerText(), /زهرا/);
  page.assertQuiet();
});

test('the list is searched and walked with the keyboard alone', async () => {
  await page.goto(`${server.url}/parties`);
  await page.keyboard.press('/');
  await page.keyboard.type('کریمی');
  await page.locator('#rows tr').filter({ hasText: 'Alexander' }).waitFor({ state: 'detached' });
  assert.equal(await page.locator('#rows tr').count(), 1);
  assert.match(page.url(), /q=/);
  await page.keyboard.press('Escape');
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  assert.ok(await page.locator('#rows tr').first().getByRole('checkbox').isChecked());
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/parties/${customer.id}`);
  page.assertQuiet();
});
