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
      axisY: { ...toteConfig.axisY, labelLimit: isNarrow ? Math.round(width / 3.6) : 240 },
      legend: { ...toteConfig.legend, columns: isNarrow ? 1 : toteConfig.legend.columns },
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

  const draw = async (figure, data) => {
    const { title, description, ...rest } = toteCharts[figure.dataset.chart];
    const datasets = Object.fromEntries(named(rest).map((name) => [name, data[name] ?? []]));
    const view = document.createElement("div");
    const caption = document.createElement("figcaption");
    const strong = document.createElement("strong");
    view.className = "view";
    view.tabIndex = 0;
    view.setAttribute("role", "img");
    view.setAttribute("aria-label", `Chart: ${title}. ${description} The figures are in a table below.`);
    strong.textContent = `${title}. `;
    caption.append(strong, description);
    figure.append(caption, view);
    figure.hidden = false;
    await vegaEmbed(view, { ...rest, datasets }, { ...options, config: configFor(view.clientWidth) });
    figure.dataset.drawn = "yes";
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
