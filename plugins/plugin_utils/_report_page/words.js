// Values as people read them.

const SERVICES = { 22: "SSH", 3389: "RDP", 5985: "WinRM", 5986: "WinRM" };
const STATUSES = { configured: "Configured", not_configured: "Not configured", unsupported: "Unsupported" };
const REQUEST_STATES = {
  active: ["good", "open"], pending: ["note", "pending"], closed: ["plain", "closed early"], expired: ["plain", "expired"],
  revoked: ["plain", "revoked"],
};
// A window's end is the one that was asked for, whatever ended it before.
const ENDINGS = { active: "", pending: "until ", expired: "ended " };
const EXPOSURE_STATES = {
  open: ["bad", "open"], partial: ["bad", "open to some"], unknown: ["note", "can't be told"],
};
const CLOSING_STATES = { missing: "missing", partial: "missing for some addresses", shadowed: "undone by an earlier rule", unknown: "can't be told" };
const NOTES = {
  powered_off: "powered off", azure_firewall: "guarded by an Azure Firewall", nsg_unknown: "its security groups can't be read",
  defender_plan_unknown: "its Defender plan can't be read", no_nsg: "no network security group",
  defender_plan_missing: "no Defender for Servers Plan 2", firewall_manager: "its firewall is steered by Firewall Manager",
  classic_vm: "a classic VM", policy_updating: "its policy is just being written, so windows may be missing",
};
const EFFECTS = {
  effective: ["good", "yes"], shadowed: ["bad", "no: shadowed"], absent: ["bad", "no: its rule is gone"],
  unexplained: ["note", "by another rule"], pending: ["note", "not yet"], unknown: ["note", "can't be told"],
};
const FINDINGS = { any_source: "any source may be asked for", long_maximum: "long maximum" };
const SOURCES = { internet: "the internet", virtual_network: "the virtual network" };

const numbers = new Intl.NumberFormat("en");
const count = (number) => numbers.format(number);
const plural = (number, one, many) => `${count(number)} ${number === 1 ? one : many || `${one}s`}`;
const subscriptionName = (id) => data.subscriptions[id] || id;
const portName = (port) => (SERVICES[port] ? `${port}\u00a0${SERVICES[port]}` : String(port));
const portOf = (one) => (one.protocol === "udp" ? `${one.port}/UDP` : portName(one.port));
const sourcesText = (sources) => sources.map((one) => (one === "*" ? "any" : one)).join(", ");
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const sourceName = (source) => SOURCES[source] || source;
const powerName = (state) => state.replace(/^PowerState\//i, "").replaceAll("_", " ");
const noteText = (note) => NOTES[note] || note.replaceAll("_", " ");
const isUuid = (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
const statusName = (status) => STATUSES[status] || capital(status.replaceAll("_", " "));

const dayFormat = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
const timeFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const fullFormat = new Intl.DateTimeFormat("en-GB", {
  weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
  timeZoneName: "short",
});

/** A moment in the reader's own time, with the UTC one for machines and for whoever points at it. */
function moment(text, style = "both") {
  if (!text) return "";
  const date = new Date(text);
  const words = style === "full" ? fullFormat.format(date)
    : style === "time" ? timeFormat.format(date) : `${dayFormat.format(date)}, ${timeFormat.format(date)}`;
  return make("time", { datetime: text, title: text }, words);
}

/** 4 h 05 min, 12 min, 40 s. */
function duration(milliseconds) {
  const minutes = Math.floor(milliseconds / 60000);
  if (minutes < 1) return `${Math.max(0, Math.floor(milliseconds / 1000))}\u00a0s`;
  if (minutes < 60) return `${minutes}\u00a0min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}\u00a0h ${String(minutes % 60).padStart(2, "0")}\u00a0min`;
  return `${Math.floor(hours / 24)}\u00a0days`;
}

/** What remains of a window by the reader's clock; on paper, at the report's time. */
function remaining(request, now) {
  const left = new Date(request.end_time) - now;
  return left > 0 ? `${duration(left)}\u00a0left` : "ended since";
}

function personName(request) {
  if (!request.person) return make("span", { class: "faint" }, "not known");
  return request.person_is_stated
    ? make("span", { title: "Azure names nobody; the justification does" }, request.person, " ",
      make("span", { class: "faint" }, "(as stated)"))
    : request.person;
}

const personKey = (request) => request.person || "not known";

function ruleText(rule) {
  if (!rule) return "";
  const where = [rule.group, rule.priority === undefined || rule.priority === null ? null : `priority ${rule.priority}`];
  const below = where.filter(Boolean).join(", ");
  return below ? `${rule.name} (${below})` : rule.name;
}

/** Say why, where the rule's own name doesn't say it already. */
function reasonText(one) {
  const { name, priority, group } = one.rule || {};
  return one.reason === `let in by ${name} (${priority}) in ${group}` ? "" : capital(one.reason);
}

/** Where a VM or a policy is; a subscription without a name would only be a long number. */
function placeText(place) {
  const name = subscriptionName(place.subscription_id);
  return isUuid(name) ? place.resource_group : `${place.resource_group} · ${name}`;
}

const portRule = (rule) => `${portOf(rule)} from ${sourcesText(rule.sources)}, up to ${rule.max_duration}`;
