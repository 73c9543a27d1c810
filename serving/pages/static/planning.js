// Draws the charts that the service made, and lets keys move through a list. A chart holds names of
// the stylesheet's colours; nothing is computed here.
"use strict";

const rowsOf = () => [...document.querySelectorAll("#list tbody tr")];

function draw(place) {
  const styles = getComputedStyle(document.documentElement);
  const coloured = (_, value) =>
    typeof value === "string" && value.startsWith("--") ? styles.getPropertyValue(value).trim() : value;
  const { data, layout } = JSON.parse(place.dataset.chart, coloured);
  layout.font.family = styles.fontFamily;
  Plotly.react(place, data, layout, { displayModeBar: false, responsive: true });
}

function drawAll() {
  document.querySelectorAll(".chart").forEach(draw);
}

function markOpen() {
  const open = document.querySelector("#panel .one")?.dataset.id;
  for (const row of rowsOf()) {
    if (row.dataset.id === open) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

function step(by) {
  const all = rowsOf();
  const current = document.activeElement.closest?.("#list tbody tr");
  const from = all.findIndex((row) => (current ? row === current : row.hasAttribute("aria-current")));
  const next = all[from < 0 ? 0 : Math.min(Math.max(from + by, 0), all.length - 1)];
  next?.querySelector(".open").focus();
  next?.scrollIntoView({ block: "nearest" });
}

document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  detail.target.querySelectorAll(".chart").forEach((place) => Plotly.purge(place));
});

document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
  drawAll();
  markOpen();
  if (detail.target.id !== "panel") return;
  detail.target.scrollTop = 0;
  detail.target.querySelector("h2")?.focus({ preventScroll: true });
  if (matchMedia("(max-width: 800px)").matches) detail.target.scrollIntoView();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.activeElement.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(document.activeElement)) return;
  if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
drawAll();
