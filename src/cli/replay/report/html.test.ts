import { expect, test } from '@jest/globals';
import { html } from './html.ts';

test('values are escaped, nested templates are not', () => {
  const hostile = `<script>'"&</script>`;
  expect(html`<p title="${hostile}">${[html`<b>${hostile}</b>`, 1, undefined, false]}</p>`.text).toBe(
    '<p title="&lt;script&gt;&#39;&quot;&amp;&lt;/script&gt;">' +
      '<b>&lt;script&gt;&#39;&quot;&amp;&lt;/script&gt;</b>1</p>',
  );
});

test('invisible characters are shown as escapes', () => {
  expect(html`${'a\u202eb\u0000\u2028'}`.text).toBe('a\\u{202e}b\\u{0}\\u{2028}');
});
