// The browsable description of the API: reads openapi.json and shows it. Loads nothing from elsewhere.
"use strict";

const byId = (id) => document.getElementById(id);

/** Makes an element; text is text, whatever it contains. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== undefined && child !== ""));
  return made;
}

/** The schema that a reference leads to, and its name. */
function resolved(api, schema) {
  const name = schema?.$ref?.split("/").at(-1);
  return name ? { name, schema: api.components.schemas[name] } : { schema: schema ?? {} };
}

/** A schema as one would write a type down, its references opened a few levels deep. */
function written(api, given, depth = 0, seen = []) {
  const { name, schema } = resolved(api, given);
  if (name && (seen.includes(name) || depth > 3)) return name;
  const within = name ? [...seen, name] : seen;
  const go = (inner) => written(api, inner, depth + 1, within);
  const pad = "  ".repeat(depth + 1);
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (alternatives) return alternatives.map(go).join(" | ");
  if (schema.allOf) return schema.allOf.map(go).join(" & ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === "array" || schema.items) return `[${go(schema.items ?? {})}]`;
  if (schema.properties) {
    const lines = Object.entries(schema.properties).map(([key, value]) => {
      const mark = schema.required?.includes(key) ? "" : "?";
      const about = value.description ? `  // ${value.description.split("\n")[0]}` : "";
      return `${pad}${key}${mark}: ${go(value)}${about}`;
    });
    return `{\n${lines.join("\n")}\n${"  ".repeat(depth)}}`;
  }
  const types = [schema.type ?? "anything"].flat().join(" | ");
  const bounds = ["minimum", "maximum", "minLength", "maxLength", "pattern"]
    .filter((key) => schema[key] !== undefined)
    .map((key) => `${key} ${schema[key]}`);
  return bounds.length > 0 ? `${types} (${bounds.join(", ")})` : types;
}

function parameterTable(api, parameters, id) {
  const rows = parameters.map((parameter) => {
    const field = `${id}-${parameter.name}`;
    const input = element("input", { id: field, name: parameter.name, "data-in": parameter.in });
    const label = element("label", { for: field }, element("code", {}, parameter.name));
    return element("tr", {}, element("td", {}, label), element("td", {}, parameter.in + (parameter.required ? ", required" : "")),
      element("td", {}, parameter.description ?? "", element("br"), element("code", {}, written(api, parameter.schema))),
      element("td", {}, input));
  });
  const head = ["Name", "Where", "Meaning", "Value"].map((title) => element("th", { scope: "col" }, title));
  return element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
}

/** Sends a GET and shows what comes. */
async function tryOut(path, form, output) {
  const query = new URLSearchParams();
  let address = path;
  for (const input of form.querySelectorAll("input")) {
    if (input.dataset.in === "path") address = address.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.dataset.in === "query" && input.value !== "") query.set(input.name, input.value);
  }
  const url = query.size > 0 ? `${address}?${query}` : address;
  const token = byId("token").value;
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  output.textContent = `GET ${url}\n…`;
  try {
    const answer = await fetch(url, { headers });
    const text = await answer.text();
    const json = answer.headers.get("content-type")?.startsWith("application/json");
    output.textContent = `GET ${url}\n${answer.status} ${answer.statusText}\n\n${json ? JSON.stringify(JSON.parse(text), null, 2) : text}`;
  } catch (error) {
    output.textContent = `GET ${url}\n${error}`;
  }
}

function operationView(api, method, path, operation) {
  const id = operation.operationId;
  const body = element("div", { class: "body" });
  if (operation.description) body.append(element("p", {}, operation.description));
  body.append(element("p", {}, operation.security?.length === 0 || operation.security?.some((one) => Object.keys(one).length === 0) ? "For anybody." : "For those signed in."));
  const form = element("form");
  if (operation.parameters?.length) form.append(element("h3", {}, "Parameters"), parameterTable(api, operation.parameters, id));
  body.append(form);
  for (const [type, content] of Object.entries(operation.requestBody?.content ?? {})) {
    body.append(element("h3", {}, `Body, ${type}`), element("pre", { tabindex: "0" }, written(api, content.schema)));
  }
  for (const [status, answer] of Object.entries(operation.responses)) {
    body.append(element("h3", {}, `${status} ${answer.description ?? ""}`));
    for (const content of Object.values(answer.content ?? {})) {
      const { name } = resolved(api, content.schema);
      body.append(element("pre", { tabindex: "0" }, name === "Refusal" ? "Refusal" : written(api, content.schema)));
    }
  }
  if (method === "get") {
    const output = element("pre", { role: "status", tabindex: "0" });
    form.append(element("button", {}, "Try it out"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      tryOut(path, form, output);
    });
    body.append(output);
  }
  const summary = element("summary", {}, element("span", { class: "method" }, method), element("code", {}, path), element("span", { class: "what" }, operation.summary ?? ""));
  return element("details", { id, "data-words": `${method} ${path} ${operation.summary} ${id}`.toLowerCase() }, summary, body);
}

function show(api) {
  const pieces = api.info.description.split("`");
  byId("about").replaceChildren(...pieces.map((piece, n) => (n % 2 ? element("code", {}, piece) : piece)));
  const subjects = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const subject = operation.tags?.[0] ?? "others";
      if (!subjects.has(subject)) subjects.set(subject, []);
      subjects.get(subject).push(operationView(api, method, path, operation));
    }
  }
  const sections = [...subjects].map(([subject, operations]) =>
    element("section", { "aria-labelledby": `subject-${subject}` }, element("h2", { id: `subject-${subject}` }, subject), ...operations));
  byId("operations").replaceChildren(...sections);
  byId("subjects").replaceChildren(...[...subjects.keys()].map((subject) => element("a", { href: `#subject-${subject}` }, subject)));
  byId("filter").addEventListener("submit", (event) => event.preventDefault());
  byId("words").addEventListener("input", () => filter(byId("words").value.trim().toLowerCase()));
  document.getElementById(location.hash.slice(1))?.setAttribute("open", "");
}

function filter(words) {
  for (const one of document.querySelectorAll("details")) one.hidden = !one.dataset.words.includes(words);
  for (const section of document.querySelectorAll("main section")) section.hidden = !section.querySelector("details:not([hidden])");
}

fetch("/api/v1/openapi.json")
  .then((answer) => answer.json())
  .then(show)
  .catch((error) => byId("operations").replaceChildren(element("p", { role: "alert" }, `The description could not be read: ${error}`)));
