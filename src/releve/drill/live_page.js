// Adds each new line as it comes; the page already holds those told before it was opened.
"use strict";
const list = document.getElementById("lines");
const state = document.getElementById("state");
const known = list.children.length;
const source = new EventSource("/lignes");
state.textContent = "L'exercice est en cours, les lignes arrivent seules.";
source.onmessage = (event) => {
  if (Number(event.lastEventId) < known) return;
  list.insertAdjacentHTML("beforeend", JSON.parse(event.data));
  list.lastElementChild.scrollIntoView({ block: "nearest" });
};
source.addEventListener("over", () => {
  source.close();
  state.textContent = "L'exercice est terminé.";
});
source.onerror = () => { state.textContent = "Le lien avec l'exercice est rompu."; };
