// The same arithmetic as codes.py: eighteen random symbols, two of check.
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RANDOM_SYMBOLS = 18;
const LENGTH = RANDOM_SYMBOLS + 2;
const PRIME = 1021;

/** The twenty symbols of what somebody typed; throws an Error whose message says the slip. */
export function readCode(typed) {
  const symbols = typed
    .toUpperCase()
    .replace(/[\s\-\u2013\u2014_.]/g, "")
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1");
  const strange = [...symbols].find((c) => !ALPHABET.includes(c));
  if (strange) throw new Error(`le signe « ${strange} » n'existe dans aucun code`);
  if (symbols.length !== LENGTH) {
    throw new Error(`il faut ${LENGTH} signes, vous en avez tapé ${symbols.length}`);
  }
  if (check(symbols.slice(0, RANDOM_SYMBOLS)) !== symbols.slice(RANDOM_SYMBOLS)) {
    throw new Error("un signe au moins est faux, ou deux sont inversés");
  }
  return symbols;
}

function check(drawn) {
  let total = 0;
  for (let i = 0; i < drawn.length; i++) total += (i + 1) * ALPHABET.indexOf(drawn[i]);
  total %= PRIME;
  return ALPHABET[Math.floor(total / 32)] + ALPHABET[total % 32];
}
