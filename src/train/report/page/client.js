/**
 * The script of the report page, which draws the curves of the page's data with ECharts. The report puts it into the
 * page as it is, as a module that stands alone, so it imports types only. Text from users reaches ECharts as plain strings:
 * tooltips, which ECharts takes as HTML, are put together from text nodes.
 */

/** @import { EChartsOption } from 'echarts' */
/** @import { PageData, ReportChart, ReportCurve } from '../chartData.js' */

/** What the scripts before this one have left. */
const { echarts } =
  /** @type {typeof globalThis & { echarts: Pick<typeof import('echarts'), 'init'> }} */ (
    globalThis
  );
/** @type {PageData} */
const data = JSON.parse(document.getElementById('data')?.textContent ?? '{"charts":[]}');
const dark = matchMedia('(prefers-color-scheme: dark)');

const LIGHT = ['#0072B2', '#D55E00', '#009E73', '#B0568F'];
const DARK = ['#56B4E9', '#F0A050', '#2FC29A', '#E0A0C8'];
/** Points of a curve from which on it can be zoomed into. */
const MANY = 60;

/**
 * A variable of the style sheet.
 * @param {string} name
 */
function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** @param {unknown} value */
function formatNumber(value) {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'not finite';
  const size = Math.abs(value);
  const isPlain = size === 0 || (size >= 1e-3 && size < 1e6);
  if (isPlain) return String(Number(value.toPrecision(4)));
  return Number(value.toPrecision(3)).toExponential().replace('e+', 'e');
}

/**
 * All values that are there.
 * @param {ReportChart} chart
 */
function valuesOf(chart) {
  return chart.curves.flatMap((curve) => curve.y).filter((value) => value !== null);
}

/**
 * A value between two that are missing has no line; it is shown as a dot.
 * @param {ReportCurve} curve
 */
function hasLonePoint({ y }) {
  const isMissing = (/** @type {number} */ i) => (y[i] ?? null) === null;
  return y.some((value, i) => value !== null && isMissing(i - 1) && isMissing(i + 1));
}

/**
 * The least and the greatest; `Math.min(...values)` would overflow the stack where there are many.
 * @param {readonly number[]} values
 */
function extremesOf(values) {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return /** @type {const} */ ([least, greatest]);
}

/**
 * Whole powers of ten around the values.
 * @param {readonly number[]} values
 */
function logRange(values) {
  const [least, greatest] = extremesOf(values.filter((value) => value > 0));
  return {
    min: 10 ** Math.floor(Math.log10(least)),
    max: 10 ** Math.ceil(Math.log10(greatest) + 1e-9),
  };
}

/**
 * A tooltip as an element, so that no text in it is taken for HTML.
 * @param {ReportChart} chart
 * @param {unknown} params what ECharts says of the points under the pointer
 */
function tooltip(chart, params) {
  const points =
    /** @type {{ value: [number, number | null], color: string, seriesName: string }[]} */ (params);
  const box = document.createElement('div');
  box.append(`${chart.x} ${points[0]?.value[0]}`);
  for (const point of points) {
    const row = document.createElement('div');
    const dot = document.createElement('span');
    dot.className = 'dot';
    dot.style.background = point.color;
    row.append(dot, `${point.seriesName}: ${formatNumber(point.value[1])}`);
    box.append(row);
  }
  return box;
}

/**
 * @param {ReportChart} chart
 * @returns {NonNullable<EChartsOption['series']>}
 */
function seriesOf(chart) {
  const longest = chart.curves.reduce((most, { x }) => Math.max(most, x.length), 0);
  return chart.curves.map((curve, i) => {
    const isFirst = i === 0;
    const mark = isFirst ? chart.mark : null;
    return {
      name: curve.name,
      type: 'line',
      data: curve.x.map((x, at) => [x, curve.y[at] ?? null]),
      showSymbol: longest <= 30 || hasLonePoint(curve),
      symbol: isFirst ? 'circle' : 'rect',
      symbolSize: 6,
      connectNulls: false,
      sampling: longest > 2000 ? 'minmax' : undefined,
      lineStyle: { width: 2, type: isFirst ? 'solid' : [7, 3] },
      markLine:
        mark === null
          ? undefined
          : {
              symbol: 'none',
              silent: true,
              label: { show: false },
              lineStyle: { color: css('--faint'), type: 'dotted', width: 1.5 },
              data: [{ xAxis: mark }],
            },
    };
  });
}

/** @returns {EChartsOption['dataZoom']} */
function zoom() {
  return [
    { type: 'inside', zoomOnMouseWheel: 'ctrl' },
    {
      type: 'slider',
      height: 18,
      bottom: 8,
      borderColor: css('--line'),
      textStyle: { color: css('--faint') },
      showDataShadow: false,
      brushSelect: false,
    },
  ];
}

/**
 * @param {ReportChart} chart
 * @param {boolean} isLog
 * @returns {EChartsOption}
 */
function optionOf(chart, isLog) {
  const [ink, faint, line] = [css('--ink'), css('--faint'), css('--line')];
  const isMany = chart.curves.some((curve) => curve.x.length > MANY);
  const isSeveral = chart.curves.length > 1;
  const values = valuesOf(chart);
  const all = chart.curves.flatMap((curve) => curve.x);
  const [first, last] = all.length > 0 ? extremesOf(all) : [0, 1];
  const axisLabel = { color: faint, hideOverlap: true };
  const axis = {
    axisLine: { onZero: false, lineStyle: { color: line } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: css('--grid') } },
    nameTextStyle: { color: faint },
  };
  return {
    animation: false,
    color: dark.matches ? DARK : LIGHT,
    textStyle: { fontFamily: 'system-ui, sans-serif' },
    grid: {
      left: 8,
      right: 20,
      top: isSeveral ? 36 : 16,
      bottom: isMany ? 62 : 26,
      containLabel: true,
    },
    legend: {
      show: isSeveral,
      top: 0,
      right: 12,
      textStyle: { color: ink },
      icon: 'roundRect',
      itemHeight: 4,
    },
    tooltip: {
      trigger: 'axis',
      confine: true,
      backgroundColor: css('--panel'),
      borderColor: line,
      textStyle: { color: ink, fontSize: 13 },
      formatter: (params) => tooltip(chart, params),
    },
    xAxis: {
      ...axis,
      type: 'value',
      name: chart.x,
      nameLocation: 'middle',
      nameGap: 26,
      min: first === last ? first - 1 : first,
      max: first === last ? last + 1 : last,
      minInterval: 1,
      axisLabel: {
        ...axisLabel,
        showMinLabel: true,
        formatter: (value) => (Number.isInteger(value) ? String(value) : ''),
      },
      splitLine: { show: false },
    },
    yAxis: {
      ...axis,
      type: isLog ? 'log' : 'value',
      scale: true,
      axisLabel: { ...axisLabel, formatter: formatNumber },
      ...(isLog && values.length > 0 ? logRange(values) : {}),
    },
    dataZoom: isMany ? zoom() : [],
    series: seriesOf(chart),
  };
}

/** @type {(() => void)[]} */
const shown = [];

/**
 * @param {HTMLElement} place
 * @param {ReportChart} chart
 */
function show(place, chart) {
  const values = valuesOf(chart);
  if (values.length === 0) {
    place.textContent = 'no finite values';
    place.classList.add('empty');
    return;
  }
  let isLog = chart.log;
  const view = echarts.init(place, null, { renderer: 'svg' });
  const button = place.parentElement?.querySelector('button') ?? null;
  const draw = () => {
    view.setOption(optionOf(chart, isLog), true);
    button?.setAttribute('aria-pressed', String(isLog));
  };
  if (button !== null) {
    button.hidden = !values.every((value) => value > 0);
    button.addEventListener('click', () => {
      isLog = !isLog;
      draw();
    });
  }
  draw();
  shown.push(draw);
  new ResizeObserver(() => view.resize()).observe(place);
}

for (const place of document.querySelectorAll('[data-chart]')) {
  if (!(place instanceof HTMLElement)) continue;
  const chart = data.charts[Number(place.dataset.chart)];
  if (chart !== undefined) show(place, chart);
}
dark.addEventListener('change', () => {
  for (const draw of shown) draw();
});
