// Shows what is new without a reload in the middle of someone's writing: asks for a change number, and loads
// the page again only while no field has focus or holds something that is not saved.
"use strict";

const shown = document.documentElement.dataset.endring;

function writing() {
  const active = document.activeElement;
  if (active && active.matches("input, textarea, select")) return true;
  if (document.querySelector("details[open] form")) return true;
  return [...document.querySelectorAll("input, textarea")].some(
    (field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked,
  );
}

async function look() {
  if (document.hidden || writing()) return;
  try {
    const answer = await fetch("/endring", { cache: "no-store" });
    const { endring } = await answer.json();
    if (String(endring) !== shown && !writing()) location.reload();
  } catch {
    // The system is not answering just now; the next look comes in two seconds.
  }
}

setInterval(look, 2000);
