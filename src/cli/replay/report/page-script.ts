/** Search, filters and the light/dark button. Uses only data of the page. */
export const PAGE_SCRIPT = `
'use strict';
(() => {
  const id = (name) => document.getElementById(name);
  const alerts = [...document.querySelectorAll('tbody.alert')];
  const texts = alerts.map((alert) => alert.textContent.toLowerCase());
  const filters = { severity: id('severity'), rule: id('rule'), user: id('user') };
  const update = () => {
    const words = id('search').value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    alerts.forEach((alert, index) => {
      const matches = words.every((word) => texts[index].includes(word)) &&
        Object.entries(filters).every(([name, { value }]) => value === '' || alert.dataset[name] === value);
      alert.hidden = !matches;
      if (matches) shown += 1;
    });
    id('shown').textContent = shown + ' of ' + alerts.length + ' shown';
  };
  if (id('controls')) {
    for (const name of ['rule', 'user']) {
      const values = [...new Set(alerts.map((alert) => alert.dataset[name]))].sort();
      for (const value of values) filters[name].add(new Option(value, value));
    }
    id('controls').addEventListener('input', update);
    id('clear').addEventListener('click', () => {
      for (const control of [id('search'), ...Object.values(filters)]) control.value = '';
      update();
      id('search').focus();
    });
    for (const link of document.querySelectorAll('a[data-filter]')) {
      link.addEventListener('click', () => {
        filters[link.dataset.filter].value = link.dataset.value;
        update();
      });
    }
    id('controls').hidden = false;
    update();
  }
  const toggle = id('theme');
  toggle.addEventListener('click', () => {
    const { dataset } = document.documentElement;
    const dark = dataset.theme ? dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    dataset.theme = dark ? 'light' : 'dark';
    toggle.setAttribute('aria-pressed', String(!dark));
  });
  toggle.hidden = false;
  addEventListener('beforeprint', () => {
    for (const details of document.querySelectorAll('tbody.alert:not([hidden]) details')) details.open = true;
  });
})();
`;
