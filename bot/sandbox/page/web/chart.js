// data_visualization blocks: small charts drawn as SVG, each with its numbers in a table for those who cannot see it.

import { h, shape } from './dom.js';

const number = (v) => (Number.isFinite(Number(v)) ? Number(v) : 0);
const shown = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });
const W = 560, H = 220, L = 56, R = 30, T = 12, B = 30;

// nice is a round step that cuts the span in about four.
function nice(span) {
  const raw = span / 4 || 1, mag = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 2.5, 5, 10].map((m) => m * mag).find((s) => s >= raw) || raw;
}

function axes(series, labels, kind) {
  const values = series.flatMap((s) => s.map(number));
  const low = Math.min(0, ...values), high = Math.max(0, ...values);
  const step = nice(high - low || 1);
  const min = Math.floor(low / step) * step, max = Math.ceil(high / step) * step || step;
  const y = (v) => T + (H - T - B) * (1 - (v - min) / (max - min || 1));
  const band = (W - L - R) / Math.max(1, labels.length);
  const x = (i) => (kind === 'bar' ? L + band * (i + 0.5) : L + (labels.length < 2 ? (W - L - R) / 2 : ((W - L - R) * i) / (labels.length - 1)));
  const svg = shape('svg', { viewBox: `0 0 ${W} ${H}`, class: 'chart', 'aria-hidden': 'true' });
  for (let v = min; v <= max + step / 2; v += step) {
    svg.append(shape('line', { x1: L, x2: W - R, y1: y(v), y2: y(v), class: 'grid' }), shape('text', { x: L - 8, y: y(v) + 4, class: 'tick-y' }, shown.format(v)));
  }
  const every = Math.ceil(labels.length / 8);
  labels.forEach((t, i) => { if (i % every === 0) svg.append(shape('text', { x: x(i), y: H - 10, class: 'tick-x' }, String(t).slice(0, 14))); });
  return { svg, x, y, band, zero: y(Math.max(min, Math.min(max, 0))) };
}

function xy(chart) {
  const series = (chart.series || []).slice(0, 12);
  const labels = chart.axis_config?.categories || (series[0]?.data || []).map((d) => d.label);
  const values = series.map((s) => labels.map((l) => number((s.data || []).find((d) => d.label === l)?.value)));
  const { svg, x, y, band, zero } = axes(values, labels, chart.type);
  values.forEach((v, k) => {
    if (chart.type === 'bar') {
      const w = (band * 0.7) / values.length;
      v.forEach((n, i) => svg.append(shape('rect', { x: x(i) - band * 0.35 + w * k, y: Math.min(y(n), zero), width: Math.max(1, w - 2), height: Math.abs(y(n) - zero), rx: 2, class: 'fill series-' + (k % 6) })));
      return;
    }
    const line = v.map((n, i) => `${i ? 'L' : 'M'}${x(i)} ${y(n)}`).join('');
    if (chart.type === 'area') svg.append(shape('path', { d: `${line}L${x(v.length - 1)} ${zero}L${x(0)} ${zero}Z`, class: 'fill soft series-' + (k % 6) }));
    svg.append(shape('path', { d: line, class: 'line series-' + (k % 6) }));
    v.forEach((n, i) => svg.append(shape('circle', { cx: x(i), cy: y(n), r: 2.6, class: 'fill series-' + (k % 6) })));
  });
  return { svg, head: ['', ...series.map((s) => s.name)], rows: labels.map((l, i) => [l, ...values.map((v) => shown.format(v[i]))]), legend: series.map((s) => s.name) };
}

function pie(chart) {
  const parts = (chart.segments || []).slice(0, 12);
  const total = parts.reduce((a, s) => a + Math.max(0, number(s.value)), 0) || 1;
  const svg = shape('svg', { viewBox: '0 0 200 200', class: 'chart pie', 'aria-hidden': 'true' });
  let from = 0;
  parts.forEach((s, k) => {
    const share = Math.max(0, number(s.value)) / total;
    // A ring drawn as one dash of a circle whose length is 100.
    svg.append(shape('circle', { cx: 100, cy: 100, r: 70, pathLength: 100, class: 'ring series-' + (k % 6), 'stroke-dasharray': `${share * 100} 100`, 'stroke-dashoffset': -from * 100 }));
    from += share;
  });
  return { svg, head: ['', 'value'], rows: parts.map((s) => [s.label, shown.format(number(s.value))]), legend: parts.map((s) => s.label) };
}

export function chart(block) {
  const c = block.chart || {};
  const { svg, head, rows, legend } = c.type === 'pie' ? pie(c) : xy(c);
  return h('figure', { class: 'figure' },
    h('figcaption', {}, String(block.title || '')),
    svg,
    h('div', { class: 'legend', 'aria-hidden': 'true' }, legend.map((n, k) => h('span', {}, h('i', { class: 'swatch series-' + (k % 6) }), String(n ?? '')))),
    h('table', { class: 'sr-only' }, h('caption', {}, String(block.title || '')),
      h('thead', {}, h('tr', {}, head.map((t) => h('th', {}, String(t ?? ''))))), h('tbody', {}, rows.map((r) => h('tr', {}, r.map((t) => h('td', {}, String(t ?? ''))))))));
}
