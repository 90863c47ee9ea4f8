// Comfort only: every page does all it does without this.
"use strict";

// A tick that ticks its whole column, and how many are ticked.
const boxes = (name) => [...document.querySelectorAll(`input[type=checkbox][name="${name}"]`)];
const all = document.querySelector("input[data-all]");
if (all) {
  const told = document.getElementById("ticked");
  const tell = () => {
    const ticked = boxes(all.dataset.all).filter((box) => box.checked).length;
    all.checked = ticked > 0 && ticked === boxes(all.dataset.all).length;
    all.indeterminate = ticked > 0 && !all.checked;
    if (told) told.textContent = ticked ? `${ticked} ticked` : "";
  };
  all.addEventListener("change", () => {
    boxes(all.dataset.all).forEach((box) => { box.checked = all.checked; });
    tell();
  });
  boxes(all.dataset.all).forEach((box) => box.addEventListener("change", tell));
  tell();
}

// Ask before something is done to everybody of a list.
document.querySelectorAll("button[data-confirm]").forEach((button) => {
  button.addEventListener("click", (event) => {
    const form = button.form;
    const everybody = form.elements.everybody;
    const chosen = form.elements[button.dataset.confirm].selectedOptions[0];
    const what = chosen.dataset.name || chosen.value;
    if (everybody.value && !window.confirm(`${what}: ${everybody.selectedOptions[0].text}?`)) {
      event.preventDefault();
    }
  });
});

// What is under way is looked at again every few seconds; when it is over, the whole page is.
document.querySelectorAll("[data-live]").forEach((part) => {
  let shown = part;
  const timer = window.setInterval(async () => {
    const answer = await fetch(window.location.pathname).catch(() => null);
    if (!answer || !answer.ok) return;
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
    if (found) {
      shown.replaceWith(found);
      shown = found;
    } else {
      window.clearInterval(timer);
      window.location.reload();
    }
  }, 1000 * part.dataset.live);
});

// One press is one request: a button of a form that is on its way does nothing more.
document.querySelectorAll('form[method="post"]').forEach((form) => {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    form.setAttribute("aria-busy", "true");
  });
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  });
});
