// SPDX-License-Identifier: MIT
// page.js: draws each figure of the page by the Vega-Lite specification of its name, from the data
// sets in the page. Not for what a chart shows: that is its specification's. Without this script the
// page is whole but for the charts.
"use strict";

(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const NARROW = 560; // pixels, below which labels must be short

  // The names of data sets that a specification mentions.
  const named = (part) =>
    part === null || typeof part !== "object" ? [] :
      [...(part.data?.name ? [part.data.name] : []), ...Object.values(part).flatMap(named)];

  const configFor = (width) => {
    const isNarrow = width < NARROW;
    return {
      ...toteConfig,
      axisX: { ...toteConfig.axisX, tickCount: Math.max(3, Math.round(width / 110)) },
      axisY: { ...toteConfig.axisY, labelLimit: isNarrow ? Math.round(width * 0.4) : 260 },
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
    const { title, description, ...rest } = toteCharts[figure.dataset.chart];
    const spec = pruned(rest, data);
    if (spec === null) return figure.remove();
    const view = describe(figure, title, description);
    const inner = document.createElement("div"); // which Vega would label itself
    inner.setAttribute("aria-hidden", "true");
    view.append(inner);
    await vegaEmbed(inner, spec, { ...options, config: configFor(view.clientWidth) });
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

  drawAll();
})();
