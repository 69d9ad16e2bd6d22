// server.js - what the references need to be told by the server under test.
"use strict";

// The number in HOGLET_<name>. Takes it away: the server refuses names that are no settings of its own.
function option(name, otherwise) {
  const text = process.env[`HOGLET_${name}`];
  delete process.env[`HOGLET_${name}`];
  return text === undefined ? otherwise : Number(text);
}

// {event: {name: type}, person: {…}, group: [{…} by index]} as the server's definitions have it.
async function propertyTypes(s, project) {
  const read = async (params) => {
    const { status, text, json } = await s.call("GET", `/api/projects/${project}/property_definitions/?limit=500&${params}`);
    if (status !== 200) throw new Error(text);
    return Object.fromEntries(json.results.map((d) => [d.name, d.property_type]));
  };
  const groups = [0, 1].map((i) => read(`type=group&group_type_index=${i}`));
  return { event: await read("type=event"), person: await read("type=person"), group: await Promise.all(groups) };
}

module.exports = { option, propertyTypes };
