// What the panel does beyond forms and links. Every page works without it.
"use strict";

document.documentElement.classList.add("scripted");

for (const select of document.querySelectorAll("select[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

const menu = document.querySelector("[data-menu]");
if (menu) {
  const side = document.getElementById(menu.getAttribute("aria-controls"));
  const show = (open) => {
    side.classList.toggle("open", open);
    menu.setAttribute("aria-expanded", String(open));
  };
  menu.addEventListener("click", () => show(!side.classList.contains("open")));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && side.classList.contains("open")) {
      show(false);
      menu.focus();
    }
  });
}

const all = document.getElementById("action-toggle");
if (all) {
  const boxes = [...document.querySelectorAll("input.action-select")];
  const bar = document.querySelector("[data-bulk]");
  const tell = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
    bar.hidden = chosen === 0;
    bar.querySelector("[data-count]").textContent = String(chosen);
  };
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    tell();
  });
  for (const box of boxes) box.addEventListener("change", tell);
  tell();
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy).textContent;
    await navigator.clipboard.writeText(text.trim());
    button.querySelector("[data-told]").textContent = button.dataset.done;
  });
}

// Moments are sent in UTC; the browser knows where its person is, and how dates are written there.
const language = document.documentElement.lang;
const tongue = navigator.languages.find((name) => name.startsWith(language)) ?? language;
const clock = new Intl.DateTimeFormat(tongue, { timeStyle: "short" });
const days = new Intl.RelativeTimeFormat(tongue, { numeric: "auto" });

function told(at) {
  const now = new Date();
  const midnight = (day) => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
  const apart = Math.round((midnight(at) - midnight(now)) / 86_400_000);
  if (Math.abs(apart) <= 1) return `${days.format(apart, "day")} ${clock.format(at)}`;
  const year = at.getFullYear() === now.getFullYear() ? undefined : "numeric";
  const form = { day: "numeric", month: "short", year, hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(tongue, form).format(at);
}

for (const moment of document.querySelectorAll("time[datetime]")) {
  const at = new Date(moment.dateTime);
  if (!Number.isNaN(at.getTime())) {
    moment.title = moment.textContent.trim();
    moment.textContent = told(at);
  }
}

// What goes on in the background is shown anew; without a script there is a link beside it.
const reload = document.querySelector("[data-reload]");
if (reload) {
  setTimeout(() => location.reload(), Number(reload.dataset.reload) * 1000);
}
