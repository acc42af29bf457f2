// A ward's kit: one file, a code, no network. Nothing is kept once the page is closed.
import { readCode } from "./code.js";
import { Damaged, unlock, unseal, WrongCode } from "./envelope.js";
import { census, element, page } from "./pages.js";

const at = (id) => document.getElementById(id);
const OTHER_COPY =
  "Prenez une autre copie de ce kit (autre poste, clé USB de l'enveloppe) ; à défaut, l'impression papier du service.";
const DAY = 86400e3;

function say(text, next = "") {
  at("message").replaceChildren(...(text ? [element("strong", { text }), " ", next] : []));
}

/** What the file shows before any code, or null when it is not whole. */
function outside() {
  try {
    const header = JSON.parse(at("header").textContent);
    const sealed = at("sealed").textContent;
    return sealed.length === header.length ? { ...header, sealed } : null;
  } catch {
    return null;
  }
}

/** Ages against this machine's clock; none when the clock is before the kit was made. */
function clockFor(cover) {
  const built = Date.parse(cover.built);
  const now = Date.now();
  const right = now >= built;
  return {
    right,
    old: right && now - built > 2 * cover.period * 1000,
    ancient: right && now - built > 30 * DAY,
    age: (iso) => (right ? `il y a ${span(now - Date.parse(iso))}` : ""),
  };
}

function span(ms) {
  const minutes = Math.floor(ms / 60e3);
  if (minutes < 1) return "moins d'une minute";
  if (minutes < 60) return `${minutes} min`;
  if (ms < 2 * DAY) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}`;
  return `${Math.floor(ms / DAY)} jours`;
}

/** The lines that say when the kit was made, and whether this clock may be believed. */
function ageLines(cover, clock) {
  const made = `Kit n° ${cover.number}, fabriqué le ${cover.built_words}, ${cover.built_utc}`;
  const lines = [element("p", { class: clock.old || !clock.right ? "made old" : "made" }, `${made}${clock.right ? `, ${clock.age(cover.built)}` : ""}.`)];
  if (!clock.right) {
    lines.push(element("p", { class: "attention", text: "L'horloge de ce poste est fausse : elle est en retard sur l'heure de fabrication du kit. Aucun âge n'est donc donné ici ; comparez les heures avec une montre." }));
  } else if (clock.old) {
    const why = clock.ancient ? " Ou bien l'horloge de ce poste avance : comparez avec une montre." : "";
    lines.push(element("p", { class: "attention", text: `Ce kit est ancien : ce qui s'est passé depuis n'y est pas.${why}` }));
  }
  return lines;
}

/** Cover outside against cover inside: a name for each difference that matters. */
function differences(outer, inner) {
  const names = { ward: "le service", ward_name: "le nom du service", hospital: "l'hôpital", window: "la fenêtre", generation: "la génération", built: "l'heure de fabrication", world: "le monde (SIMULATION ou RÉEL)" };
  return Object.keys(names).filter((key) => outer[key] !== inner[key]).map((key) => names[key]);
}

async function open(kit) {
  const input = at("code");
  let symbols;
  try {
    symbols = readCode(input.value);
  } catch (slip) {
    say(`Faute de frappe : ${slip.message}.`, "Relisez la carte signe par signe : 8 et B, 5 et S, 2 et Z se ressemblent.");
    return input.focus();
  }
  say("");
  const button = at("open");
  [button.disabled, button.textContent] = [true, "Ouverture…"];
  try {
    const identity = await unlock(kit.lock, symbols);
    const { contents, readPdf } = await unseal(kit.sealed, identity);
    show(kit, contents, readPdf);
    input.value = "";
  } catch (refusal) {
    if (refusal instanceof WrongCode) {
      say("Ce code n'ouvre pas ce kit.", `Vérifiez que la carte est bien celle du service ${kit.cover.title} et de la fenêtre ${kit.cover.window} : un code n'ouvre qu'un service, et change après chaque ouverture. Si c'est bien elle, cette page a été modifiée ou abîmée : prenez une autre copie.`);
    } else if (refusal instanceof Damaged) {
      say(`Ce kit est abîmé ou a été modifié : ${refusal.message}.`, OTHER_COPY);
    } else {
      say("Ce kit ne s'ouvre pas dans ce navigateur.", `${refusal.message}. Essayez Chrome, Edge ou Firefox à jour, ou une autre copie.`);
    }
    input.focus();
  } finally {
    [button.disabled, button.textContent] = [false, "Ouvrir"];
  }
}

function show(kit, contents, readPdf) {
  const { cover, patients, as_of: asOf, as_of_words: asOfWords } = contents;
  const clock = clockFor(cover);
  const different = differences(kit.cover, cover);
  at("band").textContent = cover.band;
  document.body.className = cover.world;
  at("title").textContent = `${cover.title} · ${patients.length} patient${patients.length > 1 ? "s" : ""}`;
  const received = asOf ? `Données reçues jusqu'au ${asOfWords}${clock.right ? ` (${clock.age(asOf)})` : ""}.` : "Aucune donnée n'a jamais été reçue.";
  at("state").replaceChildren(...ageLines(cover, clock), element("p", { text: received }));
  if (different.length) {
    at("state").prepend(element("p", { class: "attention", role: "alert", text: `Ce fichier a été modifié : ${different.join(", ")} de la couverture ne correspond pas au contenu, seul à croire. ${OTHER_COPY}` }));
  }
  const pages = patients.map((patient, i) => page(patient, cover, clock.age, () => printOne(pages[i])));
  const listed = census(patients, cover, (i) => reach(pages[i]));
  at("census").replaceChildren(listed.table);
  at("patients").replaceChildren(...pages);
  document.body.classList.toggle("many", patients.length > 150);
  document.body.classList.toggle("stale", clock.old || !clock.right);
  wire(cover, patients, pages, listed.rows, readPdf);
  at("closed").hidden = true;
  at("opened").hidden = false;
  document.body.dataset.state = "open";
  // Focus lays the page out; it comes with the first frame instead of before it.
  requestAnimationFrame(() => at("title").focus({ preventScroll: true }));
}

function reach(article) {
  article.scrollIntoView({ block: "start" });
  article.querySelector("h2").focus({ preventScroll: true });
}

function printOne(article) {
  article.classList.add("alone");
  document.body.classList.add("print-one");
  window.print();
  document.body.classList.remove("print-one");
  article.classList.remove("alone");
}

function wire(cover, patients, pages, rows, readPdf) {
  const keys = patients.map((p) => folded(`${p.name} ${p.ipp} ${p.born} ${p.bed}`));
  at("search").oninput = (event) => {
    const words = folded(event.target.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    keys.forEach((key, i) => {
      const kept = words.every((word) => key.includes(word));
      pages[i].hidden = rows[i].hidden = !kept;
      shown += kept;
    });
    at("found").textContent = words.length ? `${shown} sur ${patients.length}` : "";
  };
  at("print").onclick = () => window.print();
  at("top").onclick = () => (window.scrollTo(0, 0), at("title").focus());
  at("close").onclick = () => window.location.reload();
  let pdf = null;
  const read = () => (pdf ??= readPdf());
  // The end of the file is checked too, once the patients are on the screen.
  setTimeout(() => read().catch(pdfDamaged), 400);
  at("pdf").onclick = () => read().then((octets) => save(octets, cover), pdfDamaged);
}

function pdfDamaged() {
  at("pdf").disabled = true;
  at("saved").textContent = "Le PDF de ce kit est abîmé : imprimez depuis cette page. Les patients montrés ci-dessous ont été lus et contrôlés.";
}

function save(octets, cover) {
  const url = URL.createObjectURL(new Blob([octets], { type: "application/pdf" }));
  const name = `kit-${cover.ward}-${cover.number}.pdf`.replace(/[^\w.-]/g, "_");
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60e3);
  at("saved").textContent = "Le PDF enregistré n'est plus chiffré : imprimez-le, puis effacez-le de ce poste.";
}

function folded(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

function start() {
  at("broken").hidden = true;
  const kit = outside();
  if (!kit) {
    at("closed").hidden = false;
    at("form").hidden = true;
    return say("Ce fichier est incomplet : sa copie a été interrompue.", OTHER_COPY);
  }
  at("band").textContent = kit.cover.band;
  at("cover").textContent = `Kit du service ${kit.cover.title}`;
  at("hospital").textContent = kit.cover.hospital;
  at("made").replaceChildren(...ageLines(kit.cover, clockFor(kit.cover)));
  at("closed").hidden = false;
  at("form").onsubmit = (event) => {
    event.preventDefault();
    open(kit);
  };
  if (!globalThis.crypto?.subtle) {
    say("Ce navigateur ne sait pas déchiffrer.", "Ouvrez le fichier depuis le disque ou la clé avec Chrome, Edge ou Firefox.");
  }
  at("code").focus();
}

document.addEventListener("DOMContentLoaded", start);
