// Makes the parts of a child's page anew when there is something new, so that nobody has to load it again. What
// comes here says nothing but that; the page itself is asked for again, and is decided and written down as ever.
"use strict";

(() => {
  const told = document.getElementById("nytt");
  if (!told || !("EventSource" in window)) return;
  const source = new EventSource(told.dataset.from);
  let under = false;
  let again = false;

  const renew = async () => {
    if (under) { again = true; return; }
    under = true;
    try {
      do {
        again = false;
        const answer = await fetch(location.href, { headers: { "Stafettbro-Selv": "1" }, redirect: "error" });
        if (!answer.ok) { source.close(); return; }
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of document.querySelectorAll("[data-renew]")) {
          const fresh = page.getElementById(part.id);
          if (fresh) part.replaceChildren(...fresh.childNodes);
        }
        told.textContent = told.dataset.said;
      } while (again);
    } catch {
      source.close(); // the page stands as it is, and can be loaded again by hand
    } finally {
      under = false;
    }
  };

  source.addEventListener("nytt", renew);
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
