// A segment from the first condition to its members, with the count going along, by mouse and by keyboard.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import * as lib from '../lib.mjs';

let browser;
let server;
let page;

before(async () => {
  browser = await lib.launch();
  server = await lib.serve(await lib.demoFolder());
  page = await lib.open(browser, server, { lang: 'fa' });
  await lib.signIn(page, server);
  await lib.choose(page, server, 'fa');
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const count = () => page.locator('#preview .figure bdi').innerText();
/** Waits until the count beside the rule is another one. */
const recounted = async (before) => {
  await page.waitForFunction((old) => document.querySelector('#preview .figure bdi')?.textContent !== old, before);
  return count();
};

test('a rule is written, counted along and saved, and its members are found', async () => {
  await page.goto(`${server.url}/segments/new`);
  const everybody = await count();
  await page.locator('#name').fill('تهرانی‌های پرخرید');
  await page.locator('input[name="0.add"]').fill('city');
  await page.locator('button[value="add:0"]').click();
  await page.locator('[name="0-0.t"]').pressSequentially('تهران', { delay: 20 });
  const tehran = await recounted(everybody);
  assert.equal(await page.locator('[name="0-0.t"]').inputValue(), 'تهران', 'typing goes on while it counts');
  assert.equal(await page.locator('#name').inputValue(), 'تهرانی‌های پرخرید');

  await page.locator('button[value="group:0"]').click();
  await page.locator('input[name="0-1.add"]').fill('purchase');
  await page.locator('button[value="add:0-1"]').click();
  await page.locator('select[name="0-1-0.op"]').selectOption('at-least');
  await page.locator('[name="0-1-0.n"]').fill('۳');
  await recounted(tehran);
  await page.locator('select[name="0-1-0.w"]').selectOption('last');
  await page.locator('[name="0-1-0.d"]').fill('٩٠');
  await page.waitForFunction(() =>
    document.querySelector('#preview .say').textContent.replace(/[\u2068\u2069]/g, '').includes('شهرشان تهران است و در ۹۰ روز گذشته دست‌کم ۳ بار خرید کرده‌اند'),
  );
  const shown = await count();

  await page.locator('.form-foot button.pri').click();
  await page.locator('.toast').waitFor();
  // The job that builds it runs beside.
  const until = Date.now() + 20_000;
  while ((await page.locator('.figure bdi').count()) === 0 && Date.now() < until) {
    await new Promise((done) => setTimeout(done, 200));
    await page.reload();
  }
  assert.equal(await page.locator('.figure bdi').innerText(), shown, 'the segment holds whom the rule meant');
});

test('a rule is written by the keyboard alone', async () => {
  await page.goto(`${server.url}/segments/new`);
  await page.locator('#name').focus();
  await page.keyboard.type('برچسب‌دارها');
  await page.locator('input[name="0.add"]').focus();
  await page.keyboard.type('برچسب');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.locator('select[name="0-0.op"]').waitFor();
  await page.waitForFunction(() => document.activeElement?.name === '0-0.op');
  await page.keyboard.press('Tab');
  await page.keyboard.type('همکار');
  await page.keyboard.press('Enter');
  await page.locator('.toast').waitFor();
  assert.match(await page.locator('h1').innerText(), /برچسب‌دارها/);
});
