// The way of a customer in the demo shop, as those who work there walk it: a promotion is confirmed, an offence written down
// and made good, an offer redeemed, an introduction told, an experiment planned, "not enough data" read, and two records of one
// customer made one.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import * as lib from '../lib.mjs';

let browser;
let server;
let call;
let page;
let words;

before(async () => {
  const data = await lib.demoFolder();
  server = await lib.serve(data);
  call = await lib.api(server, data);
  browser = await lib.launch();
  words = lib.words('fa');
  page = await lib.open(browser, server, { lang: 'fa' });
  await lib.signIn(page, server);
  await lib.choose(page, server, 'fa');
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const go = (path) => page.goto(`${server.url}${path}`);
const toast = () => page.locator('#toasts').innerText();
const person = async (list) => (await call('GET', `/lifecycle/people?${list}&limit=1`)).items[0]?.party_id;

/** Fills the field with a search for customers and takes the first that is offered. */
async function pick(field, text) {
  await page.locator(`#${field}`).fill(text);
  const option = page.locator(`.cb:has(#${field}) [role=option]`).first();
  await option.waitFor();
  await option.click();
}

test('who is ready is promoted by a person, on the evidence that the page shows', async () => {
  const id = await person('list=gate&gate=g23&ready=true');
  assert.ok(id, 'the demo shop has somebody who waits to be an advocate');
  await go('/lifecycle');
  await page.locator('svg.ch .flow').first().waitFor({ state: 'attached' });
  await lib.assertAccessible(page, 'the lifecycle page');
  await go(`/parties/${id}/lifecycle`);
  await page.locator('form:has(input[name=decision][value=confirm]) button').first().click();
  await page.waitForFunction(() => !document.querySelector('input[name=decision][value=confirm]'));
  const way = await call('GET', `/parties/${id}/lifecycle`);
  assert.deepEqual([way.stage, way.tool], ['advocate', 'cam']);
  assert.ok(way.steps.at(-1).decided_by, 'it is kept who confirmed it');
  page.assertQuiet();
});

test('an offence holds what is promotional until it is made good', async () => {
  const id = await person('list=stage&stage=loyal&standing=active');
  await go(`/experience/incidents/new?party=${id}`);
  await page.locator('[name=words]').fill('یک ساعت منتظر ماند و کسی نگفت چرا.');
  await page.locator('[name=severity]').selectOption('2');
  await page.locator('main form button.pri').click();
  await page.waitForURL(/\/experience\/incidents\/[0-9a-f-]{36}/);
  const incident = page.url();
  assert.equal(await page.locator('.note.tone-saffron').count(), 1, 'it says what waits');
  await go(`/parties/${id}`);
  await page.locator('.prot').waitFor();
  assert.match(await page.locator('.prot').innerText(), /دلخور/);
  await page.goto(incident);
  await page.locator('[name=root_cause]').fill('شیفت عصر یک نفر کم بود.');
  await page.locator('[name=action]').fill('زنگ زدیم، عذر خواستیم و تحویل را رایگان کردیم.');
  await page.locator('[name=recovery_score]').selectOption('5');
  await lib.assertAccessible(page, 'an incident');
  await page.locator('form[action$="/resolve"] button.pri').click();
  await page.locator('.kv').first().waitFor();
  assert.equal(await page.locator('.note.tone-saffron').count(), 0, 'nothing waits any more');
  await go(`/parties/${id}`);
  assert.equal(await page.locator('.prot', { hasText: 'دلخور' }).count(), 0);
  page.assertQuiet();
});

test('a code is redeemed once, and says why when it is shown again', async () => {
  const offered = (await call('GET', '/grants?state=offered&limit=50')).items.find((one) => one.code);
  assert.ok(offered, 'the demo shop has an offer with a code');
  const redeem = async () => {
    await go('/experience/redeem');
    await page.locator('[name=code]').fill(offered.code);
    await page.locator('[name=total]').fill('۹۰۰۰۰۰');
    await page.locator('main form button.pri').click();
  };
  await redeem();
  await page.locator('.note.tone-peste').waitFor();
  assert.equal((await call('GET', `/grants?state=redeemed&party_id=${offered.party_id}&limit=50`)).items.filter((one) => one.id === offered.id).length, 1);
  page.expected = [/status of (409|422)/];
  await redeem();
  await page.locator('.errs').waitFor();
  await lib.assertAccessible(page, 'a code that was redeemed before');
  page.assertQuiet();
});

test('an introduction is told by the friend and seen on both pages', async () => {
  const referrer = await call('GET', `/parties/${await person('list=stage&stage=loyal&standing=active')}`);
  const friend = await call('POST', '/parties', { kind: 'person', name: 'نیلوفر آشتیانی', mobile: '0912 555 0188' });
  await go(`/advocacy/new?referee=${friend.id}`);
  await page.locator('[name=said_by]').selectOption('referee');
  await pick('referrer', referrer.name);
  await page.locator('main form button.pri').click();
  await page.waitForURL(/\/advocacy\/[0-9a-f-]{36}/);
  await lib.assertAccessible(page, 'an introduction');
  for (const [one, other] of [[friend, referrer], [referrer, friend]]) {
    await go(`/parties/${one.id}`);
    await page.locator('#referrals', { hasText: other.name }).waitFor();
  }
  page.assertQuiet();
});

test('an experiment is planned: what can be learned with these customers, before it begins', async () => {
  await go('/experience/experiments/new');
  await page.locator('[name=name]').fill('کارت تشکر');
  await page.locator('[name=treatment_ids]').first().check();
  await page.locator('[name=plan]').click();
  await page.locator('#plan').waitFor();
  assert.ok((await page.locator('.note dl.kv dt').count()) >= 2, 'it tells how many there are and what can be seen');
  await lib.assertAccessible(page, 'the plan of an experiment');
  await page.locator('main form button.pri').click();
  await page.waitForURL(/\/experience\/experiments\/[0-9a-f-]{36}/);
  const made = await call('GET', `/experiments/${page.url().split('/').pop()}`);
  assert.equal(made.state, 'draft');
  page.assertQuiet();
});

test('an experiment that cannot tell says so, with how much is missing', async () => {
  const found = (await call('GET', '/experiments?limit=50')).items.find((one) => one.verdict === 'not_enough_data');
  assert.ok(found, 'the demo shop has one');
  await go(`/experience/experiments/${found.id}`);
  assert.match(await page.locator('#says').innerText(), /کافی/);
  await lib.assertAccessible(page, 'an experiment with not enough data');
  page.assertQuiet();
});

test('two records of one customer are made one, and two again', async () => {
  const pair = (await call('GET', '/parties/pairs?limit=5')).items[0];
  assert.ok(pair, 'the demo shop has somebody who was written down twice');
  await go('/parties');
  await page.locator('a[href="/parties/pairs"]').click();
  await page.locator(`a[href="/parties/${pair.one.id}/merge?other=${pair.other.id}"]`).click();
  await page.locator('#h-moves').waitFor();
  await lib.assertAccessible(page, 'two customers side by side');
  await page.locator('main form button.pri').click();
  await page.waitForURL(`${server.url}/parties/${pair.one.id}`);
  const merged = await call('GET', `/parties/${pair.other.id}`);
  assert.equal(merged.merged_into, pair.one.id);
  await go(`/parties/${pair.other.id}`);
  assert.equal(page.url(), `${server.url}/parties/${pair.one.id}`, 'the other record leads to the one that is kept');
  await page.locator(`form[action="/parties/${pair.other.id}/unmerge"] button`).click();
  await page.waitForURL(`${server.url}/parties/${pair.other.id}`);
  assert.equal((await call('GET', `/parties/${pair.other.id}`)).merged_into, null);
  await lib.assertAccessible(page, 'a customer who was taken back');
  page.assertQuiet();
});
