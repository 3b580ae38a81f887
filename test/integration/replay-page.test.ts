/** The page of `replay --report html`, in a real browser. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { DecodedEvent } from '../../src/audit/event.ts';
import { openFile, startBrowser } from '../support/browser.ts';
import { runFirstseen } from '../support/command-line.ts';
import { anonymousRequest, NOON } from '../support/events.ts';
import { writeRule } from '../support/rule-file.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const folder = createTemporaryFolder('replay-page');
const MINUTE = 60_000_000;
const HOSTILE = `"'></script></td><script>document.title = 'taken'</script><img src="http://127.0.0.1:9/x" onerror="document.title = 'taken'">\u2028\u202e`;

const request = (n: number, changes: { userAgent: string; username?: string }) =>
  anonymousRequest({ at: NOON + n * MINUTE, id: `request-${n}`, ...changes });

const EVENTS = [
  request(1, { userAgent: 'zgrab/0.x' }),
  request(2, { userAgent: 'masscan/1.3', username: 'alice' }),
  request(3, { userAgent: 'masscan/1.3', username: 'alice' }),
  request(4, { userAgent: HOSTILE, username: HOSTILE }),
];

const RULES = [
  writeRule('scanner', { query: 'user_agent.original: masscan*', severity: 'critical' }),
  writeRule('agent', {
    type: 'new_terms',
    query: 'event.action: list',
    newTerms: { fields: ['user_agent.original'], window: '7d' },
  }),
  writeRule('many', {
    type: 'threshold',
    query: 'event.action: list',
    threshold: { field: [], value: 3, window: '1h' },
    severity: 'medium',
  }),
  writeRule('pair', {
    type: 'eql',
    language: 'eql',
    query: 'sequence [any where user_agent.original : "zgrab*"] [any where user_agent.original : "masscan*"]',
    window: '1h',
    severity: 'low',
    title: HOSTILE.slice(0, 60),
  }),
];

let browser: Browser;
let file: string;

beforeAll(async () => {
  [browser, file] = await Promise.all([startBrowser(), report('page', RULES, EVENTS)]);
});
afterAll(() => browser.close());

async function report(name: string, rules: readonly string[], events: readonly DecodedEvent[]): Promise<string> {
  const [log, path] = [join(folder, `${name}.log`), join(folder, `${name}.html`)];
  writeFileSync(log, events.map(({ event }) => `${JSON.stringify(event)}\n`).join(''));
  await runFirstseen(
    ...['replay', ...rules.flatMap((rule) => ['--rules', rule])],
    ...['--report', 'html', '--report-file', path, log],
  );
  return path;
}

const visibleAlerts = (page: Page) => page.locator('tbody.alert:visible').count();

test('every type of rule is there with its evidence, and nothing is asked for or complained of', async () => {
  const { page, complaints, requests } = await openFile(browser, file);
  expect(await page.locator('h1').textContent()).toBe('6 alerts, 4 high or critical');
  expect(await page.locator('.figure').allTextContents()).toEqual([
    ...['4events read', '4rules run', '6alerts'],
    ...['1critical', '3high', '1medium', '1low'],
  ]);
  expect(await visibleAlerts(page)).toBe(6);
  expect(await page.locator('svg.timeline g').count()).toBe(3);
  const evidence = (rule: string) =>
    page.locator(`tbody.alert[data-rule="${rule}"]`).last().locator('.inside tbody td:nth-child(2)').allTextContents();
  expect(await evidence('scanner')).toEqual(['request-2', 'request-3']);
  expect(await evidence('agent')).toEqual(['request-4']);
  expect(await evidence('many')).toEqual(['request-1', 'request-2', 'request-3']);
  expect(await evidence('pair')).toEqual(['request-1', 'request-2']);
  const pair = page.locator('tbody.alert[data-rule="pair"] .inside tbody tr').first();
  expect((await pair.textContent()) ?? '').toMatch(/system:anonymous list pods in default, allowed203\.0\.113\.7zgrab/);
  expect(complaints).toEqual([]);
  expect(requests).toEqual([pathToFileURL(file).href]);
});

test('queries in ES|QL: the columns that they make, the group, and the events that a row was computed from', async () => {
  const rows = writeRule('tool', {
    type: 'esql',
    language: 'esql',
    query: 'FROM logs-* | DISSECT user_agent.original "%{tool}/%{}" | WHERE tool == "zgrab" | KEEP tool',
  });
  const groups = writeRule('tools', {
    type: 'esql',
    language: 'esql',
    query: 'FROM logs-* | STATS tools = COUNT(*) BY user.name | WHERE tools >= 2',
    window: '1h',
  });
  const { page } = await openFile(browser, await report('esql', [rows, groups], EVENTS));
  const alert = (rule: string) => page.locator(`tbody.alert[data-rule="${rule}"]`);
  const evidence = (rule: string) => alert(rule).locator('.inside tbody td:nth-child(2)').allTextContents();
  expect(await evidence('tool')).toEqual(['request-1']);
  expect(await evidence('tools')).toEqual(['request-2', 'request-3']);
  expect((await alert('tool').textContent()) ?? '').toMatch(/tool.*zgrab/s);
  expect((await alert('tools').textContent()) ?? '').toMatch(/tools.*2.*user\.name.*alice/s);
});

test('hostile texts stay texts', async () => {
  const { page } = await openFile(browser, file);
  expect(await page.title()).toMatch(/^firstseen: 6 alerts in 4 events$/);
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.locator('script').count()).toBe(1);
  const user = await page.locator('tbody.alert[data-rule="agent"] .main td:nth-child(4)').last().textContent();
  expect(user ?? '').toMatch(/^"'><\/script><\/td><script>document\.title = 'taken'/);
  expect(readFileSync(file, 'utf8')).not.toMatch(/[\u2028\u202e]/);
});

test('search, filters, and links from a rule and a user to their alerts', async () => {
  const { page } = await openFile(browser, file);
  await page.getByRole('searchbox').fill('ALICE masscan');
  expect(await visibleAlerts(page)).toBe(4);
  expect(await page.getByRole('status').textContent()).toBe('4 of 6 shown');
  await page.getByLabel('Severity').selectOption('critical');
  expect(await visibleAlerts(page)).toBe(1);
  await page.getByRole('button', { name: 'Clear' }).click();
  expect(await visibleAlerts(page)).toBe(6);
  await page.locator('a[data-filter="rule"][data-value="agent"]').click();
  expect(await visibleAlerts(page)).toBe(3);
  await page.getByLabel('User', { exact: true }).selectOption({ index: 1 });
  expect(await visibleAlerts(page)).toBe(1); // of the hostile name, which is the first of the list
});

test('by keyboard: an alert is opened, and its evidence seen', async () => {
  const { page } = await openFile(browser, file);
  const cell = page.locator('.inside').first();
  expect(await cell.isVisible()).toBe(false);
  await page.getByRole('button', { name: 'Clear' }).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await cell.isVisible()).toBe(true);
});

test('light and dark: by the system, then by the button; severities can be read in both', async () => {
  const papers = new Set<string>();
  for (const scheme of ['light', 'dark'] as const) {
    const { page } = await openFile(browser, file, { scheme });
    const paper = () => page.evaluate('getComputedStyle(document.body).backgroundColor') as Promise<string>;
    const before = await paper();
    papers.add(before);
    for (const severity of ['critical', 'high', 'medium', 'low']) {
      const colours = `(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.querySelector('.badge.${severity}')))`;
      const [ink, ground] = (await page.evaluate(colours)) as [string, string];
      expect(contrast(ink, ground)).toBeGreaterThanOrEqual(4.5);
    }
    await page.locator('#theme').click();
    papers.add(await paper());
    expect(await paper()).not.toBe(before);
  }
  expect(papers.size).toBe(2);
});

test('without scripts it is a plain table, and on paper it is light and open', async () => {
  const plain = await openFile(browser, file, { javaScript: false });
  expect(await visibleAlerts(plain.page)).toBe(6);
  expect(await plain.page.locator('#controls').isVisible()).toBe(false);
  await plain.page.locator('summary').first().click();
  expect(await plain.page.locator('.inside').first().isVisible()).toBe(true);

  const { page } = await openFile(browser, file, { scheme: 'dark' });
  expect((await page.pdf()).length).toBeGreaterThan(10_000);
  await page.emulateMedia({ media: 'print' });
  expect(await page.locator('.inside:visible').count()).toBe(6);
  expect(await page.locator('#controls').isVisible()).toBe(false);
  expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
});

test('of many alerts the most severe are listed, and all are counted', async () => {
  const events = Array.from({ length: 2_005 }, (_, n) => request(4 * n, { userAgent: `agent-${n}` }));
  const [agent = ''] = RULES.slice(1);
  const { page } = await openFile(browser, await report('many', [agent], events));
  expect(await visibleAlerts(page)).toBe(2_000);
  expect((await page.locator('#alerts .note').first().textContent()) ?? '').toMatch(
    /^The 2,000 most severe of 2,005 alerts are listed/,
  );
  expect(await page.locator('.figure').nth(2).textContent()).toBe('2,005alerts');
});

test('rules that did not run are counted', async () => {
  const broken = writeRule('broken', { query: 'user_agent.original: (' });
  const { page } = await openFile(browser, await report('broken', [...RULES, broken], EVENTS));
  expect(await page.locator('.figure').nth(2).textContent()).toBe('1rules skipped');
  expect((await page.getByRole('region', { name: 'By rule' }).textContent()) ?? '').toMatch(
    /1 rule did not run: firstseen/,
  );
});

test('without any alert it says so', async () => {
  const { page, complaints } = await openFile(browser, await report('none', RULES, []));
  expect(await page.locator('h1').textContent()).toBe('No alerts');
  expect(complaints).toEqual([]);
});

/** Of two opaque colours as `rgb(r, g, b)`: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = (colour.match(/\d+/g) ?? [])
    .map((part) => Number(part) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
