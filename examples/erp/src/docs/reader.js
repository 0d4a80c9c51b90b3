// Draws /api/openapi.json. Texts are only ever set as text, never as markup.
'use strict';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== undefined && child !== ''));
  return made;
}

function resolve(api, schema) {
  if (!schema || !schema.$ref) return schema || {};
  const steps = schema.$ref.replace(/^#\//, '').split('/');
  return steps.reduce((at, step) => (at || {})[step], api) || {};
}

// Every member of an object, also of those that it is put together from.
function members(api, schema) {
  const found = resolve(api, schema);
  const own = Object.entries(found.properties || {});
  const required = new Set(found.required || []);
  const listed = own.map(([name, of]) => ({ name, of, required: required.has(name) }));
  return (found.allOf || []).reduce((all, part) => all.concat(members(api, part)), listed);
}

function typeName(api, schema) {
  if (schema && schema.$ref) return schema.$ref.split('/').pop();
  if (!schema) return '';
  if (schema.enum) return schema.enum.join(' | ');
  if (schema.const !== undefined) return String(schema.const);
  const either = schema.oneOf || schema.anyOf;
  if (either) return either.map((one) => typeName(api, one)).join(' | ');
  if (schema.allOf) return schema.allOf.map((one) => typeName(api, one)).filter(Boolean).join(' & ');
  const types = [].concat(schema.type || []);
  const names = types.map((type) => (type === 'array' ? `${typeName(api, schema.items)}[]` : type));
  return names.join(' | ') + (schema.format ? ` (${schema.format})` : '');
}

function example(api, schema, depth = 0) {
  const of = resolve(api, schema);
  if (of.example !== undefined) return of.example;
  if (of.const !== undefined) return of.const;
  if (of.enum) return of.enum[0];
  if (of.oneOf || of.anyOf) return example(api, (of.oneOf || of.anyOf).at(-1), depth + 1);
  const type = [].concat(of.type || []).find((one) => one !== 'null');
  if (type === 'array') return depth > 5 ? [] : [example(api, of.items, depth + 1)];
  const parts = members(api, of);
  if (parts.length && depth < 6) {
    return Object.fromEntries(parts.map(({ name, of: part }) => [name, example(api, part, depth + 1)]));
  }
  if (type === 'integer' || type === 'number') return of.minimum || 1;
  if (type === 'boolean') return true;
  if (type === 'object') return {};
  const formats = { uuid: '0190f5fe-7c3a-7d10-9c0e-5a1b2c3d4e5f', 'date-time': '2026-01-01T12:00:00Z', password: '…' };
  return formats[of.format] || '…';
}

function table(heads, rows) {
  const head = element('tr', {}, ...heads.map((text) => element('th', {}, text)));
  const body = rows.map((row) => element('tr', {}, ...row.map((cell) => element('td', {}, cell))));
  return element('table', {}, element('thead', {}, head), element('tbody', {}, ...body));
}

const code = (text) => element('code', {}, text);
const json = (value) => element('pre', {}, JSON.stringify(value, null, 2));

function shape(api, schema) {
  const rows = members(api, schema).map(({ name, of, required }) => [
    code(name), typeName(api, of), required ? 'always' : 'optional', resolve(api, of).description || '',
  ]);
  return rows.length ? [table(['member', 'type', '', ''], rows)] : [];
}

function content(api, of) {
  const drawn = [];
  for (const [mediaType, { schema, examples }] of Object.entries(of.content || {})) {
    drawn.push(element('p', {}, code(mediaType), ' ', typeName(api, schema)));
    if (examples) {
      for (const one of Object.values(examples)) drawn.push(json(one.value));
    } else {
      drawn.push(...shape(api, schema), json(example(api, schema)));
    }
  }
  return drawn;
}

function response(api, status, of) {
  const codes = Object.values(of.content || {}).flatMap(({ examples }) => Object.keys(examples || {}));
  const says = codes.length ? codes.join(', ') : of.description;
  const headers = Object.entries(of.headers || {}).map(([name, { description }]) => [code(name), description || '']);
  return element('details', {},
    element('summary', {}, element('strong', {}, status), ' ', says),
    ...content(api, of),
    ...(headers.length ? [table(['header', ''], headers)] : []));
}

function operation(api, path, method, of) {
  const who = (of.security || []).flatMap((one) => Object.keys(one));
  const parameters = (of.parameters || []).map((one) => [
    code(one.name), one.in, typeName(api, one.schema), one.required ? 'required' : 'optional', one.description || '',
  ]);
  const drawn = element('details', { class: 'operation', id: of.operationId },
    element('summary', {},
      element('span', { class: `method ${method}` }, method), ' ', code(path), ' ',
      element('span', { class: 'says' }, of.summary || of.description || '')),
    element('p', {}, who.length ? `With a bearer token of: ${who.join(', ')}.` : 'For everybody.'));
  if (of.summary && of.description) drawn.append(element('p', {}, of.description));
  if (parameters.length) drawn.append(element('h4', {}, 'Parameters'), table(['name', 'in', 'type', '', ''], parameters));
  if (of.requestBody) drawn.append(element('h4', {}, 'Body'), ...content(api, of.requestBody));
  drawn.append(element('h4', {}, 'Answers'));
  for (const [status, one] of Object.entries(of.responses || {})) drawn.append(response(api, status, one));
  drawn.dataset.words = `${method} ${path} ${JSON.stringify(of)}`.toLowerCase();
  return drawn;
}

function section(api, tag, operations) {
  return element('section', {},
    element('h2', {}, tag.name), element('p', {}, tag.description || ''),
    ...operations.map(({ path, method, of }) => operation(api, path, method, of)));
}

function all(api) {
  return Object.entries(api.paths).flatMap(([path, item]) => METHODS
    .filter((method) => item[method])
    .map((method) => ({ path, method, of: item[method] })));
}

function search(event) {
  const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const one of document.querySelectorAll('details.operation')) {
    one.hidden = !words.every((word) => one.dataset.words.includes(word));
  }
}

async function draw() {
  const about = document.getElementById('about');
  try {
    const api = await (await fetch('/api/openapi.json')).json();
    document.querySelector('h1').textContent = `${api.info.title} ${api.info.version}`;
    about.textContent = api.info.description;
    const operations = all(api);
    const sections = api.tags.map((tag) => section(api, tag, operations.filter(({ of }) => of.tags.includes(tag.name))));
    document.getElementById('operations').append(...sections);
    const field = document.getElementById('search');
    field.hidden = false;
    field.addEventListener('input', search);
    if (location.hash) document.getElementById(location.hash.slice(1))?.setAttribute('open', '');
  } catch (error) {
    about.className = 'failed';
    about.textContent = `The document cannot be read: ${error.message}`;
  }
}

draw();
