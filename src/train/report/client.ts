/**
 * The script of the page. It only draws what the JSON element holds. Text from users reaches ECharts as plain strings:
 * tooltips, which ECharts takes as HTML, are put together from text nodes.
 */
export const CLIENT = `
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const colors = () => dark.matches ? ['#56B4E9', '#F0A050', '#2FC29A', '#E0A0C8'] : ['#0072B2', '#D55E00', '#009E73', '#B0568F'];
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const number = (value) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return 'not finite';
    const size = Math.abs(value);
    return size !== 0 && (size < 1e-3 || size >= 1e6) ? Number(value.toPrecision(3)).toExponential().replace('e+', 'e') : String(Number(value.toPrecision(4)));
  };
  const shown = [];

  function optionOf(chart, log) {
    const ink = css('--ink'), faint = css('--faint'), line = css('--line'), palette = colors();
    const longest = Math.max(0, ...chart.curves.map((curve) => curve.x.length));
    const values = chart.curves.flatMap((curve) => curve.y).filter((value) => value !== null);
    const all = chart.curves.flatMap((curve) => curve.x);
    const [first, last] = all.length > 0 ? [Math.min(...all), Math.max(...all)] : [0, 1];
    const axis = { axisLine: { onZero: false, lineStyle: { color: line } }, axisTick: { show: false }, axisLabel: { color: faint, hideOverlap: true }, splitLine: { lineStyle: { color: css('--grid') } }, nameTextStyle: { color: faint } };
    return {
      animation: false,
      color: palette,
      textStyle: { fontFamily: 'system-ui, sans-serif' },
      grid: { left: 8, right: 20, top: chart.curves.length > 1 ? 36 : 16, bottom: longest > 60 ? 62 : 26, containLabel: true },
      legend: { show: chart.curves.length > 1, top: 0, right: 12, textStyle: { color: ink }, icon: 'roundRect', itemHeight: 4 },
      tooltip: {
        trigger: 'axis', confine: true, backgroundColor: css('--panel'), borderColor: line, textStyle: { color: ink, fontSize: 13 },
        formatter: (points) => {
          const box = document.createElement('div');
          box.append(chart.x + ' ' + points[0].value[0]);
          for (const point of points) {
            const row = document.createElement('div');
            const dot = document.createElement('span');
            dot.className = 'dot';
            dot.style.background = point.color;
            row.append(dot, point.seriesName + ': ' + number(point.value[1]));
            box.append(row);
          }
          return box;
        },
      },
      xAxis: { type: 'value', name: chart.x, nameLocation: 'middle', nameGap: 26, min: first === last ? first - 1 : first, max: first === last ? last + 1 : last, minInterval: 1, ...axis, axisLabel: { ...axis.axisLabel, showMinLabel: true, formatter: (value) => Number.isInteger(value) ? String(value) : '' }, splitLine: { show: false } },
      yAxis: { type: log ? 'log' : 'value', scale: true, ...axis, axisLabel: { ...axis.axisLabel, formatter: number }, ...(log && values.length > 0 ? logRange(values) : {}) },
      dataZoom: longest > 60 ? [{ type: 'inside', zoomOnMouseWheel: 'ctrl' }, { type: 'slider', height: 18, bottom: 8, borderColor: line, textStyle: { color: faint }, showDataShadow: false, brushSelect: false }] : [],
      series: chart.curves.map((curve, i) => ({
        name: curve.name, type: 'line', data: curve.x.map((x, at) => [x, curve.y[at]]), showSymbol: longest <= 30 || isolated(curve), symbol: i === 0 ? 'circle' : 'rect', symbolSize: 6,
        connectNulls: false, sampling: longest > 2000 ? 'minmax' : undefined, lineStyle: { width: 2, type: i === 0 ? 'solid' : [7, 3] },
        markLine: i === 0 && chart.mark !== null ? { symbol: 'none', silent: true, label: { show: false }, lineStyle: { color: faint, type: 'dotted', width: 1.5 }, data: [{ xAxis: chart.mark }] } : undefined,
      })),
    };
  }

  // A value between two that are missing has no line; show it as a dot.
  function isolated(curve) {
    return curve.y.some((value, i) => value !== null && (curve.y[i - 1] ?? null) === null && (curve.y[i + 1] ?? null) === null);
  }

  function logRange(values) {
    const positive = values.filter((value) => value > 0);
    return { min: 10 ** Math.floor(Math.log10(Math.min(...positive))), max: 10 ** Math.ceil(Math.log10(Math.max(...positive)) + 1e-9) };
  }

  for (const place of document.querySelectorAll('[data-chart]')) {
    const chart = data.charts[Number(place.dataset.chart)];
    const values = chart.curves.flatMap((curve) => curve.y).filter((value) => value !== null);
    if (values.length === 0) {
      place.textContent = 'no finite values';
      place.classList.add('empty');
      continue;
    }
    const entry = { chart, log: chart.log, view: echarts.init(place, null, { renderer: 'svg' }) };
    const button = place.parentElement.querySelector('button');
    const draw = () => {
      entry.view.setOption(optionOf(chart, entry.log), true);
      button?.setAttribute('aria-pressed', String(entry.log));
    };
    if (button !== null) {
      button.hidden = !values.every((value) => value > 0);
      button.addEventListener('click', () => { entry.log = !entry.log; draw(); });
    }
    draw();
    shown.push({ ...entry, draw });
    new ResizeObserver(() => entry.view.resize()).observe(place);
  }
  dark.addEventListener('change', () => { for (const { draw } of shown) draw(); });
})();
`;
