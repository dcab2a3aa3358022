// The markdown block: the part of CommonMark and its tables that Slack shows, as nodes.

import { fragment, h, link, safeURL } from './dom.js';
import { emoji } from './emoji.js';

const isWord = (c) => c !== undefined && /[\p{L}\p{N}]/u.test(c);
const marks = ['**', '__', '~~', '*', '_'];
const tagOf = { '**': 'strong', __: 'strong', '~~': 's', '*': 'em', _: 'em' };

function inline(s, active, out, deep) {
  let text = '';
  let fails = 0;
  const flush = () => { if (text) out.push(document.createTextNode(text)); text = ''; };
  outer: for (let i = 0; i < s.length;) {
    const c = s[i];
    if (c === '\\' && /[!-/:-@[-`{-~]/.test(s[i + 1] || '')) { text += s[i + 1]; i += 2; continue; }
    if (c === '`') {
      const run = /^`+/.exec(s.slice(i, i + 10))[0];
      const end = s.indexOf(run, i + run.length);
      if (end > 0) { flush(); out.push(h('code', {}, s.slice(i + run.length, end).replace(/^ (.*) $/, '$1'))); i = end + run.length; continue; }
    }
    if ((c === '[' || (c === '!' && s[i + 1] === '[')) && deep < 4) {
      const m = /^!?\[((?:[^\][\\]|\\.|\[[^\]]{0,300}\]){0,1000})\]\(\s{0,9}<?([^\s()<>]{1,4000}(?:\([^\s()]{0,300}\)[^\s()<>]{0,300})?)>?(?:\s+"[^"]{0,300}")?\s{0,9}\)/.exec(s.slice(i, i + 6000));
      if (m) {
        flush();
        const inner = [];
        inline(m[1], active, inner, deep + 1);
        out.push(safeURL(m[2]) ? link(m[2], inner.length ? inner : m[2]) : fragment(inner));
        i += m[0].length;
        continue;
      }
    }
    if (c === '<') {
      const m = /^<((?:https?:\/\/|mailto:)[^\s<>]{1,4000})>/i.exec(s.slice(i, i + 4010));
      if (m && safeURL(m[1])) { flush(); out.push(link(m[1], m[1])); i += m[0].length; continue; }
    }
    if (c === 'h' && !isWord(s[i - 1])) {
      const m = /^https?:\/\/[^\s<>|"`]{1,4000}/.exec(s.slice(i, i + 4010));
      const url = m && m[0].replace(/[.,;:!?)\]}*_~']+$/, '');
      if (url && safeURL(url)) { flush(); out.push(link(url, url)); i += url.length; continue; }
    }
    if (c === ':') {
      const m = /^:([a-z0-9_+'-]{1,60}):/.exec(s.slice(i, i + 64));
      const e = m && emoji(m[1]);
      if (e) { flush(); out.push(e); i += m[0].length; continue; }
    }
    if ((c === '*' || c === '_' || c === '~') && fails < 200) {
      for (const mark of marks) {
        if (!s.startsWith(mark, i) || active.includes(mark) || /\s/.test(s[i + mark.length] || ' ')) continue;
        if (mark[0] === '_' && isWord(s[i - 1])) continue;
        let end = s.indexOf(mark, i + mark.length + 1);
        for (let tries = 0; end > 0 && tries < 20; end = s.indexOf(mark, end + 1), tries++) {
          if (/\s/.test(s[end - 1]) || (mark[0] === '_' && isWord(s[end + mark.length]))) continue;
          if (mark.length === 1 && (s[end + 1] === mark || s[end - 1] === mark)) continue;
          flush();
          const inner = [];
          inline(s.slice(i + mark.length, end), [...active, mark], inner, deep);
          out.push(h(tagOf[mark], {}, inner));
          i = end + mark.length;
          continue outer;
        }
        fails++;
      }
    }
    text += c;
    i++;
  }
  flush();
}

const spans = (s) => { const out = []; inline(s, [], out, 0); return out; };

// cells cuts a table line at its bars; a bar behind a backslash or inside code belongs to the cell.
function cells(s) {
  const out = [''];
  let code = false;
  const t = s.trim().replace(/^\|/, '').replace(/\|$/, '');
  for (let i = 0; i < t.length; i++) {
    if (t[i] === '\\' && t[i + 1] === '|') { out[out.length - 1] += '|'; i++; continue; }
    if (t[i] === '`') code = !code;
    if (t[i] === '|' && !code) out.push('');
    else out[out.length - 1] += t[i];
  }
  return out.map((c) => c.trim());
}
const isRule = (s) => s !== undefined && s.includes('-') && s.includes('|') && cells(s).every((c) => /^:?-+:?$/.test(c));

function table(lines) {
  const align = cells(lines[1]).map((c) => (/^:-+:$/.test(c) ? 'center' : /-:$/.test(c) ? 'right' : 'left'));
  const row = (s, tag) => {
    const got = cells(s);
    return h('tr', {}, align.map((a, i) => h(tag, { class: 'align-' + a, scope: tag === 'th' ? 'col' : null }, spans(got[i] || ''))));
  };
  return h('div', { class: 'table-wrap', tabindex: '0', role: 'region', 'aria-label': 'table' },
    h('table', {}, h('thead', {}, row(lines[0], 'th')), h('tbody', {}, lines.slice(2).map((s) => row(s, 'td')))));
}

const bullet = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;

function list(lines, i, indent) {
  const first = bullet.exec(lines[i]);
  const ordered = /\d/.test(first[2]);
  const el = h(ordered ? 'ol' : 'ul', { class: 'rt-list', start: ordered && Number.parseInt(first[2], 10) !== 1 ? Number.parseInt(first[2], 10) : null });
  while (i < lines.length) {
    const m = bullet.exec(lines[i]);
    if (!m || m[1].length < indent) break;
    if (m[1].length > indent + 1 && el.lastChild && m[1].length < 40) {
      const [inner, next] = list(lines, i, m[1].length);
      el.lastChild.append(inner);
      i = next;
      continue;
    }
    if (/\d/.test(m[2]) !== ordered) break;
    const task = /^\[([ xX])\]\s+(.*)$/.exec(m[3]);
    let words = task ? task[2] : m[3];
    i++;
    // A line that only goes on, indented or not, belongs to the item.
    while (i < lines.length && lines[i].trim() && !bullet.test(lines[i]) && /^\s{2,}\S/.test(lines[i])) words += ' ' + lines[i++].trim();
    el.append(h('li', {}, task ? h('span', { class: 'task' }, task[1] === ' ' ? '☐ ' : '☑ ') : null, spans(words)));
  }
  return [el, i];
}

function blocks(lines, deep) {
  const out = [];
  for (let i = 0; i < lines.length;) {
    const s = lines[i];
    const fence = /^\s{0,3}(```+|~~~+)/.exec(s);
    const head = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$/.exec(s.slice(0, 4000));
    if (!s.trim()) { i++; continue; }
    if (fence) {
      const body = [];
      for (i++; i < lines.length && !lines[i].trim().startsWith(fence[1]); i++) body.push(lines[i]);
      i++;
      out.push(h('pre', {}, body.join('\n')));
    } else if (head) {
      out.push(h('h' + Math.min(6, head[1].length + 2), { class: 'md-head md-h' + head[1].length }, spans(head[2])));
      i++;
    } else if (/^\s{0,3}([-*_])(\s*\1){2,}\s*$/.test(s.slice(0, 200))) {
      out.push(h('hr', {}));
      i++;
    } else if (/^\s{0,3}>/.test(s) && deep < 5) {
      const inner = [];
      for (; i < lines.length && /^\s{0,3}>/.test(lines[i]); i++) inner.push(lines[i].replace(/^\s{0,3}> ?/, ''));
      out.push(h('blockquote', {}, blocks(inner, deep + 1)));
    } else if (s.includes('|') && isRule(lines[i + 1])) {
      const rows = [s, lines[i + 1]];
      for (i += 2; i < lines.length && lines[i].includes('|') && lines[i].trim(); i++) rows.push(lines[i]);
      out.push(table(rows));
    } else if (bullet.test(s)) {
      const [el, next] = list(lines, i, bullet.exec(s)[1].length);
      out.push(el);
      i = Math.max(next, i + 1);
    } else {
      const para = [];
      for (; i < lines.length && lines[i].trim() && (!para.length || !/^\s{0,3}(#{1,6}\s|>|```|~~~)/.test(lines[i])) && !(para.length && bullet.test(lines[i])); i++) {
        if (para.length && lines[i].includes('|') && isRule(lines[i + 1])) break;
        para.push(lines[i]);
      }
      const p = h('p', {});
      para.forEach((t, k) => {
        p.append(...spans(t.replace(/(\s{2,}|\\)$/, '')));
        if (k < para.length - 1) p.append(h('br', {}));
      });
      out.push(p);
    }
  }
  return out;
}

// markdown renders the text of a markdown block.
export const markdown = (text) => fragment(blocks(String(text ?? '').replace(/\r\n?/g, '\n').split('\n'), 0));
