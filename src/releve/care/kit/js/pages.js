// Draws the ward. Every text goes through textContent: a name is never markup.

// A longer name would fill a phone if it stayed fixed at its top.
const LONG = 90;

export function element(tag, options = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") made.textContent = value;
    else if (name === "click") made.addEventListener("click", value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter(Boolean));
  return made;
}

/** The census table, in bed order. `reach(i)` goes to the page of patient i. */
export function census(patients, cover, reach) {
  const heads = ["Lit", "Nom", "Né(e) le", "Allergies", "Traitements", "Attention"];
  const rows = patients.map((patient, i) =>
    element(
      "tr",
      {},
      cell("td", "Lit", patient.bed),
      element(
        "th",
        { scope: "row" },
        element("button", { type: "button", class: "name", text: patient.name, click: () => reach(i) }),
        element("span", { class: "soft", text: patient.sex }),
      ),
      cell("td", "Né(e) le", patient.born),
      cell("td", "Allergies", patient.allergies, patient.allergic ? "strong" : ""),
      cell("td", "Traitements", patient.treatments),
      cell("td", "Attention", patient.attention.join(" · ") || "–", patient.attention.length ? "strong" : ""),
    ),
  );
  return {
    table: element(
      "table",
      { class: "census" },
      element("colgroup", {}, ...heads.map(() => element("col"))),
      element(
        "thead",
        {},
        element("tr", { class: "on-paper-row" }, element("td", { colspan: heads.length, text: running(cover) })),
        element("tr", {}, ...heads.map((text) => element("th", { scope: "col", text }))),
      ),
      element("tbody", {}, ...rows),
    ),
    rows,
  };
}

function cell(tag, label, text, kind = "") {
  return element(tag, { "data-label": label, class: kind || null, text });
}

/** One patient's page. `age(iso)` words an age, or says nothing when the clock is wrong. */
export function page(patient, cover, age, print) {
  const facts = [
    patient.born && `né(e) le ${patient.born}`,
    patient.sex,
    `IPP ${patient.ipp || "non reçu"}`,
    patient.ins,
    patient.place,
  ].filter(Boolean);
  const traits = element(
    "header",
    { class: "traits" },
    element(
      "div",
      { class: "traits-in" },
      element("p", { class: "on-paper", text: running(cover) }),
      element("h2", { tabindex: "-1" }, element("span", { class: "bed", text: patient.bed }), " ", element("span", { text: patient.name })),
      element("p", { class: "facts", text: facts.join(" · ") }),
      ...patient.attention.map((text) => element("p", { class: "attention", text })),
    ),
  );
  const body = element("div", { class: "body" });
  for (const text of patient.notes) body.append(element("p", { class: "note", text }));
  for (const each of patient.sections) body.append(section(each, age));
  body.append(
    element("p", { class: "acts no-print" }, element("button", { type: "button", class: "quiet", text: "Imprimer ce patient", click: print })),
  );
  return element("article", { "data-patient": true, class: patient.name.length > LONG ? "long" : null, "data-ipp": patient.ipp, "data-bed": patient.bed }, traits, body);
}

// What stands at the top of each printed sheet: a loose one must not be taken for another.
function running(cover) {
  const made = `kit n° ${cover.number}, fabriqué le ${cover.built_words}`;
  return [cover.band, cover.hospital, cover.title, made].filter(Boolean).join(" · ");
}

function section(part, age) {
  const since = part.since ? age(part.since) : "";
  const box = element(
    "section",
    { class: `section ${part.state}` },
    element("h3", { text: part.title }),
    element("p", { class: "state" }, part.said, since ? ` (${since})` : ""),
  );
  if (part.rows.length) box.append(element("ul", {}, ...part.rows.map(row)));
  return box;
}

function row(each) {
  const main = element(each.ended ? "s" : "strong", { class: "main", text: each.main });
  const line = element("li", {}, main);
  for (const [name, text] of each.rest) {
    line.append(" ", element("span", { class: "soft", text: `${name} :` }), " ", element(each.ended ? "s" : "span", { class: "value", text }));
  }
  if (each.ended) line.append(" ", element("strong", { text: each.ended_words }));
  line.append(" ", element("span", { class: "soft source", text: each.source }));
  return line;
}
