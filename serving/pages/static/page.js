// Keeps the work list alive: refreshes that never move a row under the cursor, an open row or typed
// input; the countdowns; the keys. What is shown comes from the service; nothing is computed here
// but how long it is until a time that the service gave.
"use strict";

const CALM_MS = 15_000; // so long after a hand moved over the list, rows stay where they are
const panel = document.getElementById("panel");
const changes = document.getElementById("changes");
let touchedAt = -Infinity;
let openId = panel.querySelector(".one")?.dataset.id ?? null;

const rows = (root = document) => [...root.querySelectorAll("#list tbody tr[data-id]")];
const isFormTouched = () => {
  const form = $("resolve");
  return form !== null && [...form.elements].some((one) =>
    one.type === "radio" ? one.checked !== one.defaultChecked
      : one.type !== "hidden" && "defaultValue" in one && one.value !== one.defaultValue);
};
const isHeld = () => openId !== null || performance.now() - touchedAt < CALM_MS;

function setClock(root) {
  const rankedAt = root.querySelector("#live")?.dataset.rankedAt;
  if (rankedAt) serverAhead = new Date(rankedAt) - Date.now();
}

// ---- the list and its refreshes ----------------------------------------------------------------

function markOpen() {
  for (const row of rows()) {
    if (row.dataset.id === openId) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

function refresh() {
  touchedAt = -Infinity;
  htmx.trigger("#live", "refresh");
}

/** Take over what stands beside the rows, and say what awaits in them. */
function holdBack(answer) {
  const fresh = new DOMParser().parseFromString(answer, "text/html");
  setClock(fresh);
  for (const id of ["summary", "status"]) {
    if ($(id)?.contains(document.activeElement)) continue;
    $(id)?.replaceWith(fresh.getElementById(id));
    htmx.process($(id));
  }
  const [before, after] = [document, fresh].map((root) => rows(root).map((row) => row.dataset.id));
  const isNew = after.filter((id) => !before.includes(id)).length;
  const isGone = before.filter((id) => !after.includes(id)).length;
  const said = [isNew && `${isNew} new`, isGone && `${isGone} gone`].filter(Boolean).join(", ");
  const isMoved = after.join() !== before.join();
  changes.textContent = `${said || "Order changed"} · update`;
  changes.hidden = !isMoved;
  tellTimes();
}

document.body.addEventListener("htmx:beforeRequest", (event) => {
  const opens = event.detail.target === panel && event.detail.requestConfig.verb === "get";
  if (opens && isFormTouched() && !window.confirm("Leave this exception? What you typed is lost.")) event.preventDefault();
});

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr, requestConfig } = event.detail;
  if (target.id !== "live" || xhr.status !== 200) return;
  const isPoll = requestConfig.elt.id === "live" && requestConfig.triggeringEvent?.type !== "refresh";
  if (isPoll && isHeld()) {
    event.detail.shouldSwap = false;
    holdBack(xhr.responseText);
  }
});

document.body.addEventListener("htmx:oobBeforeSwap", (event) => {
  if (event.detail.target === document.activeElement) event.detail.shouldSwap = false;
});

document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target === panel) {
    const opened = panel.querySelector(".one");
    openId = opened?.dataset.id || null;
    if (opened?.dataset.title) document.title = `${opened.dataset.title} · Expedite`;
    panel.scrollTop = 0;
    panel.querySelector("h2")?.focus({ preventScroll: true });
  } else {
    setClock(document);
    changes.hidden = true;
    tellTimes();
  }
  markOpen();
});

for (const kind of ["resolved", "changed"]) document.body.addEventListener(kind, refresh);
changes.addEventListener("click", refresh);
document.addEventListener("pointermove", ({ target }) => {
  touchedAt = target.closest?.("#list tbody") ? performance.now() : -Infinity;
});

window.addEventListener("beforeunload", (event) => {
  if (isFormTouched()) event.preventDefault();
});

// ---- who works here ----------------------------------------------------------------------------

/** Put the name that was last given into the fields that ask for it; a given one counts as typed. */
function recall(root) {
  const name = localStorage.getItem("by") ?? "";
  for (const field of root.querySelectorAll("[data-remembered]")) field.value = field.defaultValue = name;
}

document.body.addEventListener("htmx:afterSwap", ({ detail }) => recall(detail.target.isConnected ? detail.target : panel));
panel.addEventListener("change", ({ target }) => {
  if (!target.matches("[data-remembered]")) return;
  localStorage.setItem("by", target.value.trim());
  recall(panel);
});

// ---- opening, closing, keys --------------------------------------------------------------------

function close() {
  if (isFormTouched() && !window.confirm("Leave this exception? What you typed is lost.")) return;
  const was = openId;
  openId = null;
  document.title = "Work list · Expedite";
  panel.replaceChildren();
  markOpen();
  $(`open-${was}`)?.focus();
  if (location.pathname !== "/") history.replaceState(null, "", "/");
  htmx.trigger("#live", "poll");
}

function step(by) {
  const all = rows();
  const current = document.activeElement.closest?.("#list tbody tr");
  const from = all.findIndex((row) => (current ? row === current : row.dataset.id === openId));
  const next = all[from < 0 ? 0 : Math.min(Math.max(from + by, 0), all.length - 1)];
  touchedAt = performance.now();
  next?.querySelector(".open").focus();
  next?.scrollIntoView({ block: "nearest" });
  if (next && openId !== null && next.dataset.id !== openId) next.querySelector(".open").click();
}

panel.addEventListener("click", (event) => {
  if (event.target.closest(".close")) {
    event.preventDefault();
    close();
  } else if (event.target.id === "open-first") {
    rows()[0]?.querySelector(".open").click();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if (isTyping(document.activeElement)) document.activeElement.blur();
    else if (panel.childElementCount) close();
  } else if (isTyping(document.activeElement)) {
    return;
  } else if (event.key === "j" || event.key === "k") {
    step(event.key === "j" ? 1 : -1);
  } else if (event.key === "n") {
    $("next").requestSubmit();
  } else if (event.key === "r" && $("resolve")) {
    event.preventDefault();
    panel.querySelector(".resolve").open = true;
    $("resolve").category.select();
  }
});

// ---- a list of the past ------------------------------------------------------------------------

/** The moment is told in the reader's own time; the service wants it with its offset. */
$("past").addEventListener("submit", (event) => {
  event.preventDefault();
  location.href = `/?at=${new Date(event.target.at.value).toISOString()}`;
});
const shown = $("past").at;
if (shown.dataset.utc) {
  const at = new Date(shown.dataset.utc);
  shown.value = new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

setClock(document);
markOpen();
recall(panel);
tellTimes();
