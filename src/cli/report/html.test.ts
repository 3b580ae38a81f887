import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html } from './html.ts';

test('values are escaped, and templates within templates are not', () => {
  const hostile = `<script>'"&</script>`;
  assert.equal(
    html`<p title="${hostile}">${[html`<b>${hostile}</b>`, 1, undefined, false]}</p>`.text,
    '<p title="&lt;script&gt;&#39;&quot;&amp;&lt;/script&gt;">' +
      '<b>&lt;script&gt;&#39;&quot;&amp;&lt;/script&gt;</b>1</p>',
  );
});

test('what cannot be seen is written out', () => {
  assert.equal(html`${'a\u202eb\u0000\u2028'}`.text, 'a\\u{202e}b\\u{0}\\u{2028}');
});
