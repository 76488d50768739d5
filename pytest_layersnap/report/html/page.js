
"use strict";
const all = (query, within = document) => [...within.querySelectorAll(query)];
const tools = document.querySelector("#tools");
const items = all("[data-c]");
const texts = items.map((item) => item.textContent.toLowerCase());
const folded = all(".same");
let finding = null;

function apply() {
  const words = document.querySelector("#search").value.trim().toLowerCase();
  const chosen = all(":checked", tools).map((box) => box.value);
  let shown = 0;
  items.forEach((item, place) => {
    const categories = item.dataset.c.split(" ");
    const fits = (!chosen.length || chosen.some((name) => categories.includes(name)))
      && (!words || texts[place].includes(words))
      && (finding === null || item.matches("li") || (item.dataset.f || "").split(" ").includes(finding));
    item.hidden = !fits;
    shown += fits && !item.matches("li");
  });
  for (const body of folded) {
    body.hidden = !body.querySelector("[data-c]:not([hidden])");
    body.querySelector("details").open = Boolean(words);
  }
  const narrowed = words || chosen.length || finding !== null;
  const rows = items.filter((item) => !item.matches("li")).length;
  tools.querySelector("[role=status]").textContent = narrowed ? `${shown} of ${rows} rows shown` : "";
  tools.querySelector("button").hidden = !narrowed;
}

function reset() {
  document.querySelector("#search").value = "";
  for (const box of all(":checked", tools)) box.checked = false;
  finding = null;
  apply();
}

if (tools) {
  tools.hidden = false;
  tools.addEventListener("input", apply);
  tools.querySelector("button").addEventListener("click", () => {
    reset();
    document.querySelector("#search").focus();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-f]");
    if (!link) return;
    reset();
    finding = link.dataset.f;
    apply();
  });
}
