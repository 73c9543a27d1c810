// What all pages share: times as the reader's clock tells them, the key that searches, and what is
// said when the service does not answer. Nothing is computed here but how long it is until a time
// that the service gave.
"use strict";

const MINUTE_MS = 60_000;
const SOON_MS = 3_600_000;
const WEEK_MS = 6 * 86_400_000; // a weekday alone says which day it is
let serverAhead = 0;

const $ = (id) => document.getElementById(id);
const isTyping = (element) => /^(INPUT|SELECT|TEXTAREA)$/.test(element?.tagName ?? "");

// ---- times -------------------------------------------------------------------------------------

const FORMS = {
  hour: { hour: "2-digit", minute: "2-digit" },
  weekday: { weekday: "short", hour: "2-digit", minute: "2-digit" },
  clock: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  day: { day: "numeric", month: "short", year: "numeric" },
  past: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
  moment: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
};

function span(ms) {
  const seconds = Math.floor(ms / 1000);
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600), Math.floor(seconds / 60)];
  if (minutes < 10) return `${minutes} min ${String(seconds % 60).padStart(2, "0")} s`;
  if (hours < 1) return `${minutes} min`;
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${days} d ${hours % 24} h`;
}

function tell(time) {
  const at = new Date(time.dateTime);
  const left = at - (Date.now() + serverAhead);
  time.title ||= at.toLocaleString();
  if (time.dataset.form === "until") {
    time.textContent = left > 0 ? span(left) : `${span(-left)} over`;
    time.classList.toggle("soon", left > 0 && left < SOON_MS);
    time.classList.toggle("over", left <= 0);
  } else if (time.dataset.form === "start") {
    const isToday = at.toDateString() === new Date().toDateString();
    const form = isToday ? FORMS.hour : left > WEEK_MS ? FORMS.day : FORMS.weekday;
    time.textContent = left > MINUTE_MS ? `start by ${at.toLocaleString([], form)}` : "start now";
    time.classList.toggle("now", left <= MINUTE_MS);
  } else if (!time.dataset.told) {
    time.textContent = at.toLocaleString([], FORMS[time.dataset.form]);
    time.dataset.told = "yes";
  }
}

function tellTimes() {
  document.querySelectorAll("time[data-form]").forEach(tell);
}

// ---- requests and what goes wrong with them ----------------------------------------------------

document.body.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.verb !== "get") return;
  for (const [name, value] of [...detail.formData]) if (value === "") detail.formData.delete(name);
});

document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful) $("offline").hidden = true;
});

document.body.addEventListener("htmx:afterSwap", () => {
  $("offline").hidden = true;
  $("problem").hidden = true;
  tellTimes();
});

function complain(element, words) {
  const place = element?.closest("form")?.querySelector(".form-problem") ?? $("problem");
  place.textContent = words;
  place.hidden = false;
}

document.body.addEventListener("htmx:responseError", ({ detail }) => {
  let said = `The service answered ${detail.xhr.status}.`;
  try {
    said = JSON.parse(detail.xhr.responseText).detail;
  } catch { /* not a problem of ours: the status must do */ }
  complain(detail.elt, said);
});

for (const kind of ["htmx:sendError", "htmx:timeout"]) {
  document.body.addEventListener(kind, ({ detail }) => {
    $("offline").textContent = "The service does not answer. What is shown may be out of date; the page keeps trying.";
    $("offline").hidden = false;
    if (detail.requestConfig?.verb !== "get")
      complain(detail.elt, "Not sent: the service does not answer. What you typed stays here; press again when it is back.");
  });
}

// ---- keys --------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(document.activeElement)) return;
  event.preventDefault();
  $("text")?.select();
});

tellTimes();
setInterval(tellTimes, 1000);
