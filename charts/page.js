// SPDX-License-Identifier: MIT
// page.js: draws each figure of the page by the Vega-Lite specification of its name, from the data
// sets in the page. Not for what a chart shows: that is its specification's. Without this script the
// page is whole but for the charts.
"use strict";

(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const NARROW = 560; // pixels, below which labels must be short
  const TALL = 520; // pixels of rows, above which they move together
  const LEAST_STEP = 13; // of a row, so that its label can be read

  // The names of data sets that a specification mentions.
  const named = (part) =>
    part === null || typeof part !== "object" ? [] :
      [...(part.data?.name ? [part.data.name] : []), ...Object.values(part).flatMap(named)];

  const configFor = (width) => {
    const isNarrow = width < NARROW;
    return {
      ...toteConfig,
      axisX: { ...toteConfig.axisX, tickCount: Math.max(3, Math.round(width / 110)) },
      axisY: { ...toteConfig.axisY, ...(isNarrow ? { labelFontSize: 10 } : {}),
        labelLimit: isNarrow ? Math.round(width * 0.5) : 320 },
      legend: isNarrow ? { ...toteConfig.legend, columns: 1, labelLimit: width / 2 } :
        toteConfig.legend,
    };
  };

  // Charts grow with their rows and fit in width alone, of which Vega-Lite need not warn.
  const logger = vega.logger(vega.Warn, "error", (method, _, args) => {
    if (!String(args[0]).startsWith('Dropping "fit-y"')) console[method](...args);
  });

  const options = {
    logger,
    mode: "vega-lite",
    renderer: "svg",
    actions: false,
    ast: true, // no code from text: the page's policy forbids it
    expr: toteInterpreter.expressionInterpreter,
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true },
  };

  // Without the layers for which the page has no data; null if none of its data sets is there.
  const pruned = (spec, data) => {
    if (!named(spec).some((name) => data[name]?.length)) return null;
    const layer = spec.layer?.filter((one) => !one.data.name || data[one.data.name]?.length);
    const kept = layer ? { ...spec, layer } : spec;
    return { ...kept, datasets: Object.fromEntries(named(kept).map((name) => [name, data[name]])) };
  };

  // Of several charts of one name each has the rows of its part.
  const dataOf = (figure, data) => {
    const { part } = figure.dataset;
    if (part === undefined) return data;
    const isOwn = (row) => row.part === Number(part);
    return Object.fromEntries(
      Object.entries(data).map(([name, rows]) => [name, rows.filter(isOwn)]));
  };

  // What a specification says for its height of a row, in proportion.
  const scaled = (spec, part) => JSON.parse(JSON.stringify(spec), (key, value) =>
    key === "range" && value.length === 2 && value.every((one) => typeof one === "number") ?
      value.map((one) => one * part) :
      key === "size" && typeof value === "number" ? Math.max(6, value * part) : value);

  // Rows of many cells move together.
  const fitted = (spec) => {
    const step = spec.height?.step;
    const field = spec.encoding?.y?.field;
    const rows = new Set(Object.values(spec.datasets).flatMap((set) => set.map((row) => row[field])));
    if (!step || rows.size * step <= TALL) return spec;
    const less = Math.min(step, Math.max(LEAST_STEP, Math.round(TALL / rows.size)));
    const { datasets, ...rest } = spec;
    return { ...scaled(rest, less / step), height: { step: less }, datasets };
  };

  const describe = (figure, title, description) => {
    const caption = document.createElement("figcaption");
    const strong = document.createElement("strong");
    strong.textContent = `${title}.`;
    caption.append(strong, ` ${description}`);
    const view = document.createElement("div");
    view.className = "view";
    view.tabIndex = 0;
    view.setAttribute("role", "img");
    view.setAttribute("aria-label", `Chart: ${title}. ${description} The table below has the figures.`);
    figure.append(caption, view);
    figure.hidden = false;
    return view;
  };

  const draw = async (figure, data) => {
    const { title: name, description, ...rest } = toteCharts[figure.dataset.chart];
    const spec = pruned(rest, dataOf(figure, data));
    if (spec === null) return figure.remove();
    const title = figure.dataset.what ? `${name}; ${figure.dataset.what}` : name;
    const view = describe(figure, title, description);
    const inner = document.createElement("div"); // which Vega would label itself
    inner.setAttribute("aria-hidden", "true");
    view.append(inner);
    await vegaEmbed(inner, fitted(spec), { ...options, config: configFor(view.clientWidth) });
  };

  // One that cannot be drawn says so in its place; the others are drawn all the same.
  const drawAll = async () => {
    const data = read("data");
    for (const figure of document.querySelectorAll("figure[data-chart]")) {
      try {
        await draw(figure, data);
      } catch (error) {
        console.error(error);
        figure.append(`This chart could not be drawn: ${error.message}`);
      }
    }
    document.documentElement.dataset.charts = "done";
  };

  // Browsers of today open what a link leads to, and unfold on paper, by themselves; for others:
  const openTarget = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const details = target && target.closest("details");
    if (details) details.open = true;
  };
  addEventListener("hashchange", openTarget);
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });

  openTarget();
  drawAll();
})();
