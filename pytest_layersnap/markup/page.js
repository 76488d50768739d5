
"use strict";
const all = (query, within = document) => [...within.querySelectorAll(query)];
const tools = document.querySelector("#tools");
const items = all("[data-c]").map((about) => {
  const element = about.closest("tr[data-c], tbody, li");
  return {
    element,
    isRow: element.tagName !== "LI",
    text: element.textContent.toLowerCase(),
    categories: about.dataset.c.split(" "),
    findings: (element.dataset.f || "").split(" "),
  };
});
const folded = all(".same");
let finding = null;

function apply() {
  const words = document.querySelector("#search").value.trim().toLowerCase();
  const chosen = all(":checked", tools).map((box) => box.value);
  let shown = 0;
  for (const item of items) {
    const fits = (!chosen.length || chosen.some((name) => item.categories.includes(name)))
      && (!words || item.text.includes(words))
      && (finding === null || !item.isRow || item.findings.includes(finding));
    item.element.hidden = !fits;
    shown += fits && item.isRow;
  }
  for (const body of folded) {
    body.hidden = !body.querySelector("[data-c]:not([hidden])");
    body.querySelector("details").open = Boolean(words);
  }
  const narrowed = words || chosen.length || finding !== null;
  const rows = items.filter((item) => item.isRow).length;
  tools.querySelector("[role=status]").textContent = narrowed ? `${shown} of ${rows} rows shown` : "";
  tools.querySelector("button").hidden = !narrowed;
}

function reset() {
  document.querySelector("#search").value = "";
  for (const box of all(":checked", tools)) box.checked = false;
  finding = null;
  apply();
}

function mark(ranges) {
  for (const row of all(".hit")) row.classList.remove("hit");
  for (const range of ranges.split(" ")) {
    const [first, last = first] = range.split("-").map(Number);
    for (let number = first; number <= last; number++) {
      const row = document.getElementById(`r${number}`);
      row.classList.add("hit");
      const around = row.closest("details");
      if (around) around.open = true;
    }
  }
}

if (tools) {
  tools.hidden = false;
  tools.addEventListener("input", apply);
  tools.querySelector("button").addEventListener("click", () => {
    reset();
    document.querySelector("#search").focus();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-f], a[data-rows]");
    if (!link) return;
    reset();
    if (link.dataset.f) {
      finding = link.dataset.f;
      apply();
    } else {
      mark(link.dataset.rows);
    }
  });
}
